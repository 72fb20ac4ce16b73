import { constants, createDeflateRaw, deflateRawSync } from "node:zlib";
import type { ZlibOptions } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { Inflater } from "../../../src/recompress/gzip/inflate/inflater.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { DeflateBits } from "./deflate-bits.ts";
import { Told, WHOLE, inflateTold, randomPieces } from "./told.ts";

const LAYER = plainLayer({ seed: 1, sizeBytes: 400_000 });
const NOISE = noise(200_000);

const PLAIN: Readonly<Record<string, Uint8Array>> = {
  "no bytes": new Uint8Array(0),
  "one byte": Uint8Array.of(65),
  "a layer": LAYER,
  noise: NOISE,
  "a run": new Uint8Array(300_000).fill(7),
  "four symbols": Uint8Array.from(NOISE, (byte) => byte & 3),
  "a far repeat": Buffer.concat([NOISE.subarray(0, 32_768), NOISE.subarray(0, 40_000)]),
};

const ENCODERS: Readonly<Record<string, ZlibOptions>> = {
  "level 0": { level: 0 },
  "level 1": { level: 1 },
  "level 6": { level: 6 },
  "level 9 in small blocks": { level: 9, memLevel: 1 },
  "fixed codes": { strategy: constants.Z_FIXED },
  "Huffman codes only": { strategy: constants.Z_HUFFMAN_ONLY },
  "runs only": { strategy: constants.Z_RLE },
  "a window of 512 bytes": { windowBits: 9 },
};

const CASES = Object.entries(PLAIN).flatMap(([plainName, plain]) =>
  Object.entries(ENCODERS).map(([encoderName, options]) => ({
    name: `${plainName}, ${encoderName}`,
    plain,
    options,
  })),
);

describe("Inflater", () => {
  test.for(CASES)("tells plain bytes and all decisions: $name", ({ plain, options }) => {
    const stream = deflateRawSync(plain, options);
    const { told, consumed } = inflateTold(stream, WHOLE);
    expect(Buffer.compare(told.plain, plain)).toBe(0);
    expect(consumed).toBe(stream.length);
    const again = new DeflateBits();
    for (const block of told.blocks) again.block(block);
    expect(Buffer.compare(again.done(), stream)).toBe(0);
  });

  test.for(CASES)("tells the same however the input is cut: $name", ({ plain, options }) => {
    const random = new SeededRandom(2);
    const stream = deflateRawSync(plain, options);
    const whole = inflateTold(stream, WHOLE);
    for (const pieces of [() => 1, randomPieces(random), randomPieces(random)]) {
      expect(inflateTold(stream, pieces)).toEqual(whole);
    }
  });

  it("tells tokens that make the plain bytes", () => {
    const { told } = inflateTold(deflateRawSync(LAYER), WHOLE);
    const made: (number | undefined)[] = [];
    for (const token of told.blocks.flatMap((block) => block.tokens)) {
      if (token < 256) made.push(token);
      else for (let left = token >>> 16; left > 0; left--) made.push(made.at(-(token & 0xffff)));
    }
    expect(Buffer.compare(Uint8Array.from(made, Number), LAYER)).toBe(0);
  });

  it("gives back the bytes after the final block, wherever the input is cut", () => {
    const stream = deflateRawSync(LAYER.subarray(0, 5000));
    const junk = Buffer.from("what comes after, all of it");
    const random = new SeededRandom(3);
    for (let round = 0; round < 200; round++) {
      const { consumed } = inflateTold(Buffer.concat([stream, junk]), randomPieces(random));
      expect(consumed).toBe(stream.length);
    }
  });

  it("cuts long blocks into stretches of at most 64 KiB", () => {
    const stored = {
      header: { kind: "stored", isFinal: false, size: 65_535, padding: 0 },
      tokens: [],
    } as const;
    const stream = new DeflateBits()
      .block({ ...stored, plain: NOISE.subarray(0, 65_535) })
      .block({ header: { kind: "fixed", isFinal: true }, plain: NOISE, tokens: [...NOISE] })
      .done();
    const { told } = inflateTold(stream, WHOLE);
    expect(told.stretches[0]).toEqual([65_535, undefined]);
    expect(Math.max(...told.stretches.map(([bytes]) => bytes))).toBeLessThanOrEqual(65_536);
    expect(told.stretches.length).toBeLessThan(6);
    expect(told.blocks[1]?.tokens).toEqual([...NOISE]);
  });

  it("reaches back 32,768 bytes, past any number of stretches", () => {
    const match = (3 << 16) | 32_768;
    const plain = [...NOISE.subarray(0, 150_000)];
    const tokens = [...plain, match];
    const stream = new DeflateBits()
      .block({ header: { kind: "fixed", isFinal: true }, plain: NOISE, tokens })
      .done();
    const { told } = inflateTold(stream, randomPieces(new SeededRandom(4)));
    const back = 150_000 - 32_768;
    expect(Array.from(told.plain.subarray(-3))).toEqual(plain.slice(back, back + 3));
  });

  it("tells where in the stream each block begins, and the bits of padding", () => {
    const stream = new DeflateBits()
      .block({ header: { kind: "fixed", isFinal: false }, plain: NOISE, tokens: [65, 66] })
      .block({
        header: { kind: "stored", isFinal: false, size: 0, padding: 5 },
        plain: NOISE.subarray(0, 0),
        tokens: [],
      })
      .block({ header: { kind: "fixed", isFinal: true }, plain: NOISE, tokens: [67] })
      .bits(15, 4)
      .done();
    const positions: number[] = [];
    const told = new Told();
    const inflater: Inflater = new Inflater({
      blockStart: () => positions.push(inflater.blockBitPosition),
      stretch: told.stretch.bind(told),
      blockEnd: () => undefined,
    });
    for (const byte of stream) inflater.write(Uint8Array.of(byte));
    expect(positions).toEqual([0, 26, 64]);
    expect(inflater.padding).toBe(15);
  });

  it("reads another stream after reset()", () => {
    const told = new Told();
    const inflater = new Inflater(told);
    for (const plain of [LAYER, NOISE, LAYER]) {
      inflater.reset();
      inflater.write(deflateRawSync(plain));
      inflater.end();
    }
    expect(Buffer.compare(told.plain, Buffer.concat([LAYER, NOISE, LAYER]))).toBe(0);
  });

  it("reads streams that were flushed in all ways", async () => {
    const deflate = createDeflateRaw();
    for (const [index, kind] of [
      constants.Z_SYNC_FLUSH,
      constants.Z_FULL_FLUSH,
      constants.Z_PARTIAL_FLUSH,
      constants.Z_BLOCK,
    ].entries()) {
      deflate.write(LAYER.subarray(index * 50_000, (index + 1) * 50_000));
      await new Promise<void>((resolve) => deflate.flush(kind, resolve));
    }
    deflate.end();
    const stream = Buffer.concat(await Array.fromAsync(deflate));
    const { told } = inflateTold(stream, randomPieces(new SeededRandom(5)));
    expect(Buffer.compare(told.plain, LAYER.subarray(0, 200_000))).toBe(0);
    expect(told.headers).toContainEqual({ kind: "stored", isFinal: false, size: 0, padding: 0 });
  });
});

function noise(size: number): Uint8Array {
  const random = new SeededRandom(6);
  return Uint8Array.from({ length: size }, () => random.below(256));
}
