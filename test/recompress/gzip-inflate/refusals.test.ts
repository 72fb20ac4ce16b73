import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import type { TreeDescription } from "../../../src/recompress/gzip/blocks/block-header.ts";
import { BrokenStream, UnsupportedStream } from "../../../src/recompress/stream-errors.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { DeflateBits } from "./deflate-bits.ts";
import { WHOLE, inflateTold, randomPieces } from "./told.ts";

const FIXED_FINAL = { kind: "fixed", isFinal: true } as const;
const NO_BYTES = new Uint8Array(0);

/** What a decoder made of a stream. */
type Verdict = { readonly plain: string; readonly consumed: number } | "refused";

describe("Inflater and a length of 258 that has a shorter one's code", () => {
  // Far from the stream's end tokens are decoded in another way than near it.
  test.for([1, 100])("refuses it among %i literals, however the stream is cut", (literals) => {
    const stream = longestMatch(literals, false);
    expect(inflateRawSync(stream)).toHaveLength(2 * literals + 258);
    const random = new SeededRandom(8);
    for (const pieces of [WHOLE, () => 1, randomPieces(random), randomPieces(random)]) {
      expect(() => inflateTold(stream, pieces)).toThrow(UnsupportedStream);
    }
    expect(inflateTold(longestMatch(literals, true), WHOLE)).toBeDefined();
  });
});

describe("Inflater and zlib take and refuse the same", () => {
  test.for<[name: string, stream: () => Uint8Array, taken: boolean]>([
    ["a block of type 3", () => new DeflateBits().bits(7, 3).bits(0, 80).done(), false],
    ["a size that is not confirmed", () => new DeflateBits().bits(1, 8).bits(0, 32).done(), false],
    [
      "padding of a stored block",
      () => new DeflateBits().bits(0xf9, 8).bits(0, 16).bits(-1, 16).done(),
      true,
    ],
    ["the fixed code's length 286", () => fixed((bits) => bits.code(0xc6, 8)), false],
    ["the fixed code's length 287", () => fixed((bits) => bits.code(0xc7, 8)), false],
    [
      "the fixed code's distance 29",
      () => fixed((bits) => bits.code(1, 7).code(29, 5).bits(0, 13)),
      false,
    ],
    ["the fixed code's distance 30", () => fixed((bits) => bits.code(1, 7).code(30, 5)), false],
    [
      "a match before the start",
      () => fixed((bits) => bits.code(1, 7).code(1, 5).code(0, 7)),
      false,
    ],
    [
      "a match of the first byte",
      () => fixed((bits) => bits.code(1, 7).code(0, 5).code(0, 7)),
      true,
    ],
    [
      "one distance code of one bit",
      () => dynamic({ distance: [1] }, (bits) => bits.bits(0, 1)),
      true,
    ],
    [
      "the unused half of one distance code",
      () => dynamic({ distance: [1] }, (bits) => bits.bits(1, 1)),
      false,
    ],
    ["one distance code of two bits", () => dynamic({ distance: [2] }), false],
    ["no distance code, and none used", () => dynamic({ distance: [0] }), true],
    [
      "no distance code, but one used",
      () => dynamic({ distance: [0] }, (bits) => bits.bits(0, 1)),
      false,
    ],
    ["three distance codes of one bit", () => dynamic({ distance: [1, 1, 1] }), false],
    ["distance codes that are not all", () => dynamic({ distance: [2, 2, 2] }), false],
    ["a code for the block's end alone", () => dynamic({ litLen: { 256: 1 } }), true],
    ["a code of two bits for the block's end alone", () => dynamic({ litLen: { 256: 2 } }), false],
    ["no code for the block's end", () => dynamic({ litLen: { 65: 1, 257: 1 } }), false],
    [
      "too many codes of one bit",
      () => dynamic({ litLen: { 65: 1, 66: 1, 256: 1, 257: 1 } }),
      false,
    ],
    ["codes that are not all", () => dynamic({ litLen: { 65: 2, 256: 2, 257: 2 } }), false],
    ["286 codes", () => dynamic({ litLenCount: 286 }), true],
    ["287 codes", () => dynamic({ litLenCount: 287 }), false],
    ["30 distance codes", () => dynamic({ distance: [1, ...zeros(29)] }), true],
    ["31 distance codes", () => dynamic({ distance: [1, ...zeros(30)] }), false],
    ["a repetition before any length", () => dynamic({ sequence: [16 | (3 << 8)] }), false],
    [
      "a repetition beyond the last length",
      () => dynamic({ sequence: [1, 18 | (138 << 8), 18 | (138 << 8)] }),
      false,
    ],
    [
      "a code-length code that is not all",
      () => dynamic({ codeLengthLengths: { 0: 2, 1: 2, 18: 2 } }),
      false,
    ],
    [
      "a code-length code of too many",
      () => dynamic({ codeLengthLengths: { 0: 1, 1: 1, 18: 1 } }),
      false,
    ],
    [
      "one code-length code",
      () =>
        dynamic({ codeLengthLengths: { 1: 1 }, sequence: Array.from({ length: 258 }, () => 1) }),
      false,
    ],
    ["no code-length code", () => dynamic({ codeLengthLengths: {} }), false],
  ])("%s", ([, stream, taken]) => {
    const bytes = stream();
    expect(byInflater(bytes, WHOLE)).toEqual(byZlib(bytes));
    expect(byZlib(bytes) !== "refused").toBe(taken);
  });

  test.for(streams())("damaged: $name", ({ stream }) => {
    const random = new SeededRandom(stream.length);
    for (let round = 0; round < 400; round++) {
      const damaged = damage(stream, random);
      expect(byInflater(damaged, randomPieces(random))).toEqual(byZlib(damaged));
    }
  });

  it("noise", () => {
    const random = new SeededRandom(8);
    for (let round = 0; round < 4000; round++) {
      const stream = Uint8Array.from({ length: 1 + random.below(80) }, () => random.below(256));
      expect(byInflater(stream, WHOLE)).toEqual(byZlib(stream));
    }
  });

  it("ends that come early", () => {
    const stream = deflateRawSync(plainLayer({ seed: 9, sizeBytes: 10_240 }).subarray(0, 6000));
    for (let size = 0; size < stream.length; size++) {
      expect(byInflater(stream.subarray(0, size), WHOLE)).toBe("refused");
    }
  });
});

function byInflater(stream: Uint8Array, pieces: () => number): Verdict {
  try {
    const { told, consumed } = inflateTold(stream, pieces);
    return { plain: Buffer.from(told.plain).toString("latin1"), consumed };
  } catch (error) {
    if (error instanceof BrokenStream) return "refused";
    throw error;
  }
}

function byZlib(stream: Uint8Array): Verdict {
  try {
    const info = inflateRawSync(stream, { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return {
      plain: Buffer.from(info.buffer).toString("latin1"),
      consumed: info.engine.bytesWritten,
    };
  } catch {
    return "refused";
  }
}

function fixed(write: (bits: DeflateBits) => DeflateBits): Uint8Array {
  // One literal, and the end after what the case writes.
  return write(new DeflateBits().bits(3, 3).code(0x30 + 65, 8))
    .bits(0, 64)
    .done();
}

interface Dynamic {
  readonly litLen?: Readonly<Record<number, number>>;
  readonly litLenCount?: number;
  readonly distance?: readonly number[];
  readonly sequence?: readonly number[];
  readonly codeLengthLengths?: Readonly<Record<number, number>>;
}

/**
 * A dynamic block: a literal A, and when `write` is there a match of three bytes, whose distance it writes;
 * then the end. By default A, 256 and 257 have codes 0, 10 and 11.
 */
function dynamic(shape: Dynamic, write?: (bits: DeflateBits) => DeflateBits): Uint8Array {
  const litLen = shape.litLen ?? { 65: 1, 256: 2, 257: 2 };
  const litLenCount = shape.litLenCount ?? 258;
  const distance = shape.distance ?? [1];
  const lengths = [
    ...Array.from({ length: litLenCount }, (_, symbol) => litLen[symbol] ?? 0),
    ...distance,
  ];
  // Lengths 0 to 2 and 18 have codes of two bits each.
  const own =
    shape.codeLengthLengths ??
    (shape.sequence === undefined ? { 0: 2, 1: 2, 2: 2, 18: 2 } : { 0: 2, 1: 2, 16: 2, 18: 2 });
  const tree: TreeDescription = {
    litLenCount,
    distanceCount: distance.length,
    codeLengthCount: 19,
    codeLengthLengths: Uint8Array.from({ length: 19 }, (_, symbol) => own[symbol] ?? 0),
    sequence: shape.sequence ?? lengths,
    lengths: Uint8Array.from(lengths),
  };
  const bits = new DeflateBits().bits(5, 3).tree(tree);
  if (litLen[65] === undefined) return bits.bits(0, 64).done();
  bits.code(0, 1);
  if (write !== undefined) write(bits.code(3, 2));
  return bits.code(2, 2).bits(0, 64).done();
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function streams(): { name: string; stream: Uint8Array }[] {
  const layer = plainLayer({ seed: 10, sizeBytes: 30_720 });
  return [
    { name: "level 6", stream: deflateRawSync(layer) },
    { name: "level 9 in small blocks", stream: deflateRawSync(layer, { level: 9, memLevel: 1 }) },
    {
      name: "fixed codes",
      stream: deflateRawSync(layer.subarray(0, 3000), { strategy: constants.Z_FIXED }),
    },
    { name: "level 0", stream: deflateRawSync(layer, { level: 0 }) },
    { name: "a short one", stream: deflateRawSync(layer.subarray(0, 700)) },
    {
      name: "a match far back",
      stream: new DeflateBits()
        .block({
          header: FIXED_FINAL,
          plain: NO_BYTES,
          tokens: [...layer.subarray(0, 9000), (258 << 16) | 8193],
        })
        .done(),
    },
  ];
}

/** Literals, and a length of 258 by symbol 284 with 31 added, or by symbol 285, before as many literals. */
function longestMatch(literals: number, isUsual: boolean): Uint8Array {
  const bits = new DeflateBits().bits(3, 3);
  const some = (): void => {
    for (let count = 0; count < literals; count++) bits.code(0x30, 8);
  };
  some();
  if (isUsual) bits.code(0xc5, 8);
  else bits.code(0xc4, 8).bits(31, 5);
  bits.code(0, 5);
  some();
  return bits.code(0, 7).done();
}

function damage(stream: Uint8Array, random: SeededRandom): Uint8Array {
  const damaged = stream.slice(0, random.oneIn(4) ? random.below(stream.length) : stream.length);
  for (let count = random.between(1, 3); count > 0; count--) {
    // The headers, where most can go wrong, are at the start.
    const at = random.oneIn(2)
      ? random.below(Math.min(100, damaged.length))
      : random.below(damaged.length);
    damaged[at] = random.oneIn(2) ? random.below(256) : (damaged[at] ?? 0) ^ (1 << random.below(8));
  }
  return damaged;
}
