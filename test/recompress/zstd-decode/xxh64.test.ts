import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Xxh64 } from "../../../src/recompress/zstd/xxh64.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { cutAnywhere } from "./told-stream.ts";

/** The checksum that libzstd puts behind a frame. */
function checksumOf(bytes: Uint8Array): number[] {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  return [...zstdCompressSync(bytes, { params }).subarray(-4)];
}

describe("Xxh64", () => {
  test("hashes nothing to the known value", () => {
    expect([...new Xxh64().lowBytes()]).toEqual([0x99, 0xe9, 0xd8, 0x51]);
  });

  test("agrees with libzstd on every size up to 130 bytes and some beyond", () => {
    const random = new SeededRandom(1);
    const bytes = Uint8Array.from({ length: 70_000 }, () => random.below(256));
    const sizes = [...Array.from({ length: 131 }, (_, size) => size), 4095, 4096, 65_537, 70_000];
    for (const size of sizes) {
      const hash = new Xxh64();
      hash.update(bytes, 0, size);
      expect([...hash.lowBytes()], `${size} bytes`).toEqual(checksumOf(bytes.subarray(0, size)));
    }
  });

  test("agrees however the bytes are cut, and after a reset", () => {
    const random = new SeededRandom(2);
    const bytes = Uint8Array.from({ length: 3000 }, () => random.below(256));
    const hash = new Xxh64();
    for (let round = 0; round < 30; round++) {
      hash.reset();
      for (const piece of cutAnywhere(bytes, random, 90)) hash.update(piece);
      expect([...hash.lowBytes()]).toEqual(checksumOf(bytes));
    }
  });
});
