import { expect, it } from "vitest";
import { PackedBytes } from "../../../src/recompress/zstd/chunked/packed-bytes.ts";

const BYTES = Buffer.from(Array.from({ length: 150_000 }, (_, at) => `${at},`).join(""));

function packedBytes(): PackedBytes {
  const packed = new PackedBytes();
  for (let at = 0; at < BYTES.length; at += 7001) packed.add(BYTES.subarray(at, at + 7001));
  return packed;
}

it("PackedBytes gives its bytes back, as often as they are asked for", () => {
  const packed = packedBytes();
  expect(packed.sizeBytes).toBe(BYTES.length);
  for (let time = 0; time < 2; time++) {
    const target = Buffer.alloc(BYTES.length + 2);
    packed.copyTo(target, 1);
    expect(target.subarray(1, -1).equals(BYTES)).toBe(true);
  }
});

it("PackedBytes takes the memory of a piece back when the next one is asked for", () => {
  const pieces = [...packedBytes().pieces()];
  const [last] = pieces.slice(-1);
  expect(pieces.slice(0, -1).map(({ length }) => length)).toEqual([0, 0, 0]);
  expect(BYTES.subarray(-(last?.length ?? 0)).equals(last ?? BYTES)).toBe(true);
});
