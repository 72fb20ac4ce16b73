import { expect, test } from "vitest";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import { freeBytes } from "../../../src/recompress/zstd/free-bytes.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { encodeLike } from "./encode-like.ts";
import { TEST_ENGINES } from "./test-engines.ts";

const LAYER = plainLayer({ seed: 2, sizeBytes: 200_000 });
const [FIRST] = TEST_ENGINES;
if (FIRST === undefined) throw new Error("no engines");

test("freeBytes may be told twice", () => {
  const bytes = new Uint8Array(100);
  const view = bytes.subarray(10);
  freeBytes(bytes);
  freeBytes(view);
  expect([bytes.length, view.length]).toEqual([0, 0]);
});

test("the window of a stream that has ended is given back at once", () => {
  const views: Uint8Array[] = [];
  const analyser = new ZstdAnalyser({
    engines: TEST_ENGINES,
    onPlain: (plain) => void views.push(plain),
  });
  analyser.write(encodeLike(LAYER, { engine: FIRST }));
  expect(Buffer.concat(views).equals(LAYER)).toBe(true);
  expect(analyser.end().kind).toBe("exact");
  expect(views.map(({ length }) => length)).toEqual(views.map(() => 0));
});
