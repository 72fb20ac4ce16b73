import { expect, it } from "vitest";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { documentDelta, documentOf } from "../../../src/recompress/zstd/chunked/document-delta.ts";

const GUESS = Buffer.from(
  Array.from({ length: 30_000 }, (_, line) => `line ${line * 7919}\n`).join(""),
);

it("documentDelta of a document that was foretold takes a few bytes and gives it back", () => {
  const document = Buffer.concat([GUESS, Buffer.from("and its end")]);
  const delta = documentDelta(document, GUESS);
  expect(delta.length).toBeLessThan(200);
  expect(documentOf(delta, GUESS)).toEqual(document);
});

it("documentDelta works without any guess, and for an empty document", () => {
  for (const document of [GUESS, Buffer.alloc(0)]) {
    expect(documentOf(documentDelta(document, Buffer.alloc(0)), Buffer.alloc(0))).toEqual(document);
  }
});

it("documentOf refuses a damaged delta", () => {
  const delta = documentDelta(GUESS, Buffer.alloc(0));
  expect(() => documentOf(delta.subarray(0, 100), Buffer.alloc(0))).toThrow(RecipeError);
});
