import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeStream } from "../../../src/recompress/decode.ts";
import { BrokenStream, UnsupportedStream } from "../../../src/recompress/stream-errors.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

const LAYER = plainLayer({ seed: 11, sizeBytes: 400_000 });
const HALVES = [LAYER.subarray(0, 150_000), LAYER.subarray(150_000)] as const;
const SKIPPABLE = Buffer.from("502a4d1805000000aabbccddee", "hex");
const NAMED_HEADER = Buffer.from("1f8b080800000000000361 2e74617200".replace(" ", ""), "hex");

const STREAMS: readonly (readonly [string, Uint8Array])[] = [
  ["one gzip member", gzipSync(LAYER)],
  ["stored blocks", gzipSync(LAYER, { level: 0 })],
  ["many gzip members", Buffer.concat(HALVES.map((half) => gzipSync(half)))],
  ["an empty member between two", Buffer.concat([...HALVES, ""].map((one) => gzipSync(one)))],
  ["a member with a name", Buffer.concat([NAMED_HEADER, gzipSync(LAYER).subarray(10)])],
  ["zeros after the last member", Buffer.concat([gzipSync(LAYER), new Uint8Array(1000)])],
  ["a lone byte after the last member", Buffer.concat([gzipSync(LAYER), Uint8Array.of(0x1f)])],
  ["one zstd frame", zstdCompressSync(LAYER)],
  ["many zstd frames", Buffer.concat(HALVES.map((half) => zstdCompressSync(half)))],
  [
    "skippable frames around another",
    Buffer.concat([SKIPPABLE, zstdCompressSync(LAYER), SKIPPABLE]),
  ],
];

describe("decodeStream()", () => {
  it.each(STREAMS)("gives the plain bytes of %s, however it is cut", (_, stream) => {
    for (const mostBytes of [1, 7, 5000, stream.length]) {
      expect(decoded(stream, mostBytes).equals(LAYER)).toBe(true);
    }
  });

  it.each(STREAMS.filter(([name]) => !/after|skippable|empty/.test(name)))(
    "refuses %s that ends early",
    (_, stream) => {
      for (const left of [0, 1, 3, 12, stream.length >> 1, stream.length - 1]) {
        expect(() => decoded(stream.subarray(0, left), 1000)).toThrow(BrokenStream);
      }
    },
  );

  it("refuses what is neither gzip nor zstd", () => {
    expect(() => decoded(LAYER, 3)).toThrow("neither gzip nor zstd");
  });

  it("refuses zstd that needs a dictionary", () => {
    const stream = Buffer.from("28b52ffd210100010000", "hex");
    expect(() => decoded(stream, 100)).toThrow(UnsupportedStream);
  });

  it("refuses a stream whose structure is damaged", () => {
    const stream = gzipSync(LAYER);
    stream[10] = 0x07;
    expect(() => decoded(stream, 1000)).toThrow(BrokenStream);
  });
});

function decoded(stream: Uint8Array, mostBytes: number): Buffer {
  const random = new SeededRandom(mostBytes);
  const pieces: Uint8Array[] = [];
  const decoder = decodeStream((plain) => pieces.push(plain.slice()));
  for (let at = 0; at < stream.length;) {
    const piece = stream.subarray(at, at + random.between(1, mostBytes));
    decoder.write(piece);
    at += piece.length;
  }
  decoder.end();
  return Buffer.concat(pieces);
}
