import { readFileSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { BlockContents } from "../../../src/recompress/zstd/choices/block-contents.ts";
import type { SequenceEncoding } from "../../../src/recompress/zstd/coder/block-coder.ts";
import {
  CompiledCoder,
  createBlockCoder,
} from "../../../src/recompress/zstd/coder/compiled-coder.ts";
import { PortableCoder } from "../../../src/recompress/zstd/coder/portable-coder.ts";
import { ZstdDecoder } from "../../../src/recompress/zstd/decode/zstd-decoder.ts";
import type { DecodedBlock } from "../../../src/recompress/zstd/decoded-block.ts";
import { fseSingleEncodingTable } from "../../../src/recompress/zstd/fse.ts";
import { huffmanCodes, readHuffmanDescription } from "../../../src/recompress/zstd/huffman.ts";
import { LARGEST_BLOCK_BYTES, MOST_SEQUENCES } from "../../../src/recompress/zstd/limits.ts";
import { LiteralStatistics } from "../../../src/recompress/zstd/tables/literal-statistics.ts";
import { BlockWriter } from "../../../src/recompress/zstd/write/block-writer.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { plainSamples } from "../zstd-decode/plain-samples.ts";
import { anySequences, anyTable, sequencesFor, spoiled } from "./any-sequences.ts";
import { type BothCoded, CoderPair, type Sequences } from "./coder-pair.ts";

const KLAUSPOST = readFileSync(new URL("../zstd-write/klauspost.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));

function expectSame<Coded>([oracle, twin]: BothCoded<Coded>): BothCoded<Coded>[number] {
  expect(twin).toEqual(oracle);
  if (oracle === undefined) throw new Error("nothing was coded");
  return oracle;
}

function anyBytes(size: number, random: SeededRandom): Uint8Array {
  const most = random.pick([2, 5, 90, 256]);
  return Uint8Array.from({ length: size }, () => random.lowBelow(most));
}

function anySize(random: SeededRandom): number {
  return random.oneIn(30) ? LARGEST_BLOCK_BYTES : random.lowBelow(LARGEST_BLOCK_BYTES);
}

function codesFor(bytes: Uint8Array): Int32Array | undefined {
  const literals = new LiteralStatistics();
  literals.take(bytes, bytes.length);
  const { tree } = literals;
  return tree && huffmanCodes(readHuffmanDescription(tree, 0).weights).codes;
}

describe("CompiledCoder does what its oracle does", () => {
  it("with literals that are gathered and counted", () => {
    const random = new SeededRandom(31);
    const pair = new CoderPair();
    for (let round = 0; round < 80; round++) {
      const plain = anyBytes(anySize(random), random);
      expectSame(pair.gather(plain, sequencesFor(plain.length, random)));
      const from = random.below(plain.length + 1);
      expectSame(pair.countBytes(plain.subarray(from)));
    }
  });

  it("with sequences that do not fit their block", () => {
    const random = new SeededRandom(32);
    const refusals = new Set<string | undefined>();
    const pair = new CoderPair();
    for (let round = 0; round < 400; round++) {
      const plain = anyBytes(4 + random.lowBelow(2000), random);
      const wrong = spoiled(sequencesFor(plain.length, random), random);
      refusals.add(expectSame(pair.gather(plain, wrong)).refusal);
      refusals.add(expectSame(pair.gather(plain.subarray(1), wrong)).refusal);
    }
    expect(refusals.size).toBe(2);
  });

  it("with literals that are written as streams", () => {
    const random = new SeededRandom(33);
    const refusals = new Set<string | undefined>();
    const pair = new CoderPair();
    for (let round = 0; round < 100; round++) {
      const plain = anyBytes(32 + anySize(random), random).subarray(0, LARGEST_BLOCK_BYTES);
      const codes = codesFor(plain);
      if (codes === undefined) continue;
      const missing = random.pick([-1, -1, plain[random.below(plain.length)] ?? 0]);
      codes[missing] = 0;
      const size = random.oneIn(2) ? plain.length : random.below(40);
      refusals.add(expectSame(pair.writeStream(plain.subarray(0, size), codes)).refusal);
      const sequences = sequencesFor(plain.length, random);
      refusals.add(expectSame(pair.writeGathered(plain, sequences, codes)).refusal);
    }
    expect(refusals.size).toBe(2);
  });

  it("with sequences of all lengths and offsets, and all tables", () => {
    const random = new SeededRandom(34);
    const refusals = new Set<string | undefined>();
    const pair = new CoderPair();
    for (let round = 0; round < 500; round++) {
      const sequences = anySequences(1 + random.lowBelow(4000), random);
      const { counts } = expectSame(pair.findCodes(sequences)).coded ?? {};
      if (counts === undefined) throw new Error("no codes");
      const [literals, offsets, matches] = counts;
      for (let turn = 0; turn < 3; turn++) {
        const tables: SequenceEncoding = [
          anyTable(0, literals, random),
          anyTable(1, offsets, random),
          anyTable(2, matches, random),
        ];
        refusals.add(expectSame(pair.writeSequences(tables)).refusal);
      }
      refusals.add(expectSame(pair.findCodes(spoiled(sequences, random))).refusal);
    }
    expect(refusals.size).toBe(3);
  });

  it("with each literal length and match length", () => {
    const pair = new CoderPair();
    for (const add of [0, 40_000, 80_000, 91_200]) {
      const sequences = Int32Array.from({ length: 3 * 40_000 }, (_, at) => {
        const value = Math.floor(at / 3) + add;
        return at % 3 === 2 ? value + 1 : Math.min(value, 131_071) + (at % 3) * 3;
      });
      expectSame(pair.findCodes({ sequences, count: 40_000 }));
    }
  });

  it("with as many sequences as a block can have, each as long as can be", () => {
    const pair = new CoderPair();
    const sequence = [131_071, 131_074, 2 ** 31 - 1];
    const sequences = Int32Array.from(
      { length: 3 * MOST_SEQUENCES },
      (_, at) => sequence[at % 3] ?? 0,
    );
    expectSame(pair.findCodes({ sequences, count: MOST_SEQUENCES }));
    const random = new SeededRandom(35);
    for (let round = 0; round < 20; round++) {
      const tables: SequenceEncoding = [
        anyTable(0, new Int32Array(36).fill(1), random),
        anyTable(1, new Int32Array(32).fill(1), random),
        anyTable(2, new Int32Array(53).fill(1), random),
      ];
      expectSame(pair.writeSequences(tables));
    }
    const singles = [35, 30, 52].map(fseSingleEncodingTable) as unknown as SequenceEncoding;
    const { coded } = expectSame(pair.writeSequences(singles));
    expect(coded).toHaveLength(Math.floor((MOST_SEQUENCES * 62) / 8) + 1);
  });

  const few: Sequences = { sequences: Int32Array.of(1, 4, 7), count: 2 };
  const many: Sequences = { sequences: new Int32Array(3), count: MOST_SEQUENCES + 1 };
  it.each<[string, (pair: CoderPair) => BothCoded<unknown>]>([
    ["fewer sequences than there should be", (pair) => pair.findCodes(few)],
    ["more sequences than a block can have", (pair) => pair.findCodes(many)],
    ["more sequences to gather by", (pair) => pair.gather(new Uint8Array(9), many)],
    ["a block that is too large", (pair) => pair.gather(new Uint8Array(131_073), few)],
  ])("refusing %s", (_, call) => {
    const pair = new CoderPair();
    pair.findCodes(anySequences(9, new SeededRandom(36)));
    expect(expectSame(call(pair)).refusal).toBeTypeOf("string");
  });
});

describe("a block's contents and bits are the same from either coder", () => {
  describe.each(plainSamples(6, 270_000))("in libzstd's streams of %s", (_, plain) => {
    test.each([-7, 3, 19])("level %i", (level) => {
      const params = { [constants.ZSTD_c_compressionLevel]: level };
      expect(compareBlocks(zstdCompressSync(plain, { params }))).toBeGreaterThan(2);
    });
  });

  test.each(KLAUSPOST)("in a stream of klauspost/compress %s", (_, base64 = "") => {
    expect(compareBlocks(Buffer.from(base64, "base64"))).toBeGreaterThan(2);
  });

  test("in a larger layer", () => {
    const plain = plainLayer({ seed: 9, sizeBytes: 2_000_000 });
    expect(compareBlocks(zstdCompressSync(plain))).toBeGreaterThan(10);
  });
});

/** @returns how many blocks there were. */
function compareBlocks(stream: Uint8Array): number {
  const compiled = createBlockCoder();
  expect(compiled).toBeInstanceOf(CompiledCoder);
  const sides = [new PortableCoder(), compiled].map((coder) => ({
    contents: new BlockContents(coder),
    writer: new BlockWriter(coder),
  }));
  let blocks = 0;
  const decoder = new ZstdDecoder({
    frame: () => {
      for (const { writer } of sides) writer.startFrame();
    },
    block(block) {
      const plain = decoder.window.bytes.subarray(block.start, block.end);
      const [oracle, twin] = sides.map((side) => codedBy(side, block, plain));
      expect(twin).toEqual(oracle);
      blocks++;
    },
    frameEnd: () => undefined,
    skippable: () => undefined,
  });
  decoder.write(stream);
  decoder.end();
  return blocks;
}

function codedBy(
  { contents, writer }: { readonly contents: BlockContents; readonly writer: BlockWriter },
  block: DecodedBlock,
  plain: Uint8Array,
): unknown {
  const { sequences, literals } = block;
  const count = sequences?.count ?? 0;
  contents.take(plain, sequences?.sequences ?? new Int32Array(0), count);
  const seen = [
    contents.literals.bytes.slice(0, contents.literals.size),
    contents.literals.tree,
    contents.whole.tree,
    ...([0, 1, 2] as const).map((kind) => (count > 0 ? contents.sequences.description(kind) : 0)),
  ];
  if (sequences === undefined || literals === undefined) return seen;
  const own = {
    ...block,
    literals: { ...literals, bytes: contents.literals.bytes },
    sequences: { ...sequences, sequences: contents.sequences.sequences },
  };
  const codes = count > 0 ? contents.sequences.codes : undefined;
  return [...seen, writer.write(own, plain, codes).slice(), writer.write(block, plain).slice()];
}
