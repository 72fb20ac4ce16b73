import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ColumnReader, ColumnWriter } from "../../../src/recompress/columns.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { readDelta, writeDelta } from "../../../src/recompress/zstd/chunked/document-delta.ts";
import { PackedBytes } from "../../../src/recompress/zstd/chunked/packed-bytes.ts";

const LINES = Array.from({ length: 3000 }, (_, line) => {
  return `line ${line} ${createHash("sha256").update(String(line)).digest("hex")}\n`;
});
const GUESS = Buffer.from(LINES.join(""));
const NOTHING = Buffer.alloc(0);

function deltaOf(document: Uint8Array, guess: Uint8Array): Uint8Array {
  const column = new ColumnWriter();
  const packed = new PackedBytes();
  packed.add(document);
  writeDelta(column, packed, guess);
  return column.written();
}

function documentOf(delta: Uint8Array, guess: Uint8Array): Buffer {
  return Buffer.concat(readDelta(new ColumnReader(delta), guess));
}

it.each([
  ["as it was foretold", GUESS, 8],
  ["with another end", Buffer.concat([GUESS, Buffer.from("and its end")]), 20],
  ["with another start", Buffer.concat([Buffer.from("a line\na line\n"), GUESS]), 20],
  ["without some lines", Buffer.from([...LINES.slice(0, 99), ...LINES.slice(101)].join("")), 8],
  ["that is empty", NOTHING, 8],
])("a delta of a document %s takes a few bytes and gives it back", (_, document, mostBytes) => {
  const delta = deltaOf(document, GUESS);
  expect(delta.length).toBeLessThanOrEqual(mostBytes);
  expect(documentOf(delta, GUESS)).toEqual(document);
});

it("a delta of a document that differs all over uses the guess as a dictionary", () => {
  const document = Buffer.from(LINES.map((line) => `${line}once more\n`).join(""));
  const delta = deltaOf(document, GUESS);
  expect(delta.length).toBeLessThan(deltaOf(document, NOTHING).length / 4);
  expect(documentOf(delta, GUESS)).toEqual(document);
});

const LARGE = Buffer.concat(Array.from({ length: 5 }, () => GUESS));

it.each([0, 262_143, 262_144, 262_145, 700_000, LARGE.length])(
  "a delta tells of bytes that are put into a large document at %i",
  (at) => {
    const put = Buffer.from("here is something else\n".repeat(100));
    const document = Buffer.concat([LARGE.subarray(0, at), put, LARGE.subarray(at)]);
    const delta = deltaOf(document, LARGE);
    expect(delta.length).toBeLessThan(100);
    expect(documentOf(delta, LARGE)).toEqual(document);
  },
);

it("a delta does not pack a few bytes beside a large guess", () => {
  const put = Buffer.from("twice\n".repeat(100));
  const document = Buffer.concat([LARGE, put]);
  expect(deltaOf(document, LARGE).length).toBeGreaterThan(put.length);
  expect(deltaOf(Buffer.concat([GUESS, put]), GUESS).length).toBeLessThan(100);
  expect(documentOf(deltaOf(document, LARGE), LARGE)).toEqual(document);
});

it("a delta works without any guess", () => {
  expect(documentOf(deltaOf(GUESS, NOTHING), NOTHING)).toEqual(GUESS);
});

it.each([
  ["cut off", deltaOf(GUESS, NOTHING).subarray(0, 100)],
  ["for a longer guess", Uint8Array.of(11, 0, 0, 0)],
  ["for a longer guess", Uint8Array.of(0, 11, 0, 0)],
  ["of bytes that are not there", Uint8Array.of(0, 0, 0, 5, 1)],
  ["of what is not zstd", Uint8Array.of(0, 0, 4, 1, 2, 3, 4)],
])("a delta that is %s is refused", (_, delta) => {
  expect(() => documentOf(delta, Buffer.from("ten bytes."))).toThrow(RecipeError);
});
