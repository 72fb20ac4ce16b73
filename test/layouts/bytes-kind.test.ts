import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { bytesKindOf, KIND_BYTES } from "../../src/layouts/bytes-kind.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { SeededRandom } from "../fixtures/seeded-random.ts";

const LAYER = plainLayer({ seed: 4, sizeBytes: 10_240 });
const RANDOM = new SeededRandom(1);
const NOISE = Uint8Array.from({ length: 2000 }, () => RANDOM.below(256));

it.each([
  ["tar", LAYER],
  ["tar", new Uint8Array(1024)],
  ["tar", new Uint8Array(10_240)],
  ["gzip", gzipSync(LAYER)],
  ["zstd", zstdCompressSync(LAYER)],
  ["zstd", Uint8Array.of(0x5e, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)],
  ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4)],
  ["bzip2", Buffer.from("BZh91AY&SY")],
  ["lz4", Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x64)],
  ["lz4", Uint8Array.of(0x02, 0x21, 0x4c, 0x18)],
  ["other", Buffer.from("\n")],
  ["other", new Uint8Array(0)],
  ["other", new Uint8Array(512)],
  ["other", new Uint8Array(1025)],
  ["other", LAYER.subarray(0, 511)],
  ["other", LAYER.with(0, 1)],
  ["other", NOISE],
] as const)("bytesKindOf() is %s by the first bytes (case %#)", (kind, bytes) => {
  expect(bytesKindOf(bytes.subarray(0, KIND_BYTES), bytes.length)).toBe(kind);
});
