import { expect, test } from "vitest";
import { Xxh64 } from "../../../src/recompress/zstd/xxh64.ts";
import { SplitLanes } from "../../../src/recompress/zstd/xxh64-lanes.ts";
import { createCompiledLanes } from "../../../src/recompress/zstd/xxh64-twin.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cutAnywhere } from "../zstd-decode/told-stream.ts";

const random = new SeededRandom(1);
const BYTES = Uint8Array.from({ length: 400_000 }, () => random.below(256));

test("the lanes in WebAssembly come to what those in TypeScript come to", () => {
  const oracle = new SplitLanes();
  const twin = createCompiledLanes();
  for (const values of [
    [0n, 1n, 2n ** 64n - 1n, 2n ** 63n],
    [5n, 6n, 7n, 8n],
  ]) {
    oracle.set(values);
    twin?.set(values);
    expect(twin?.values).toEqual(values);
    expect(oracle.values).toEqual(values);
    for (const stripes of [32, 96, 131_072, 131_104, 390_400]) {
      oracle.take(BYTES.subarray(3, 3 + stripes));
      twin?.take(BYTES.subarray(3, 3 + stripes));
      expect(twin?.values).toEqual(oracle.values);
    }
  }
});

test("a hash comes out the same from either lanes, however the bytes are cut", () => {
  for (let round = 0; round < 20; round++) {
    const hashes = [new Xxh64(new SplitLanes()), new Xxh64(createCompiledLanes())];
    const bytes = BYTES.subarray(0, random.lowBelow(300_000));
    for (const hash of hashes) {
      for (const piece of cutAnywhere(bytes, random, 5000)) hash.update(piece);
    }
    expect(hashes[1]?.lowBytes()).toEqual(hashes[0]?.lowBytes());
  }
});
