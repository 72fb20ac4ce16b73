import { readFileSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { ZstdDecoder } from "../../../src/recompress/zstd/decode/zstd-decoder.ts";
import type {
  DecodedBlock,
  LiteralsSection,
  SequencesSection,
} from "../../../src/recompress/zstd/decoded-block.ts";
import { BlockWriter } from "../../../src/recompress/zstd/write/block-writer.ts";
import { plainSamples } from "../zstd-decode/plain-samples.ts";
import { tellStream } from "../zstd-decode/told-stream.ts";

/** Streams of klauspost/compress, each a line: version and speed, a tab, base64. */
const KLAUSPOST = readFileSync(new URL("klauspost.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));

const LITERALS: LiteralsSection = {
  type: "raw",
  sizeFormat: 0,
  bytes: Uint8Array.of(65),
  size: 1,
  compressedSize: 0,
  tree: undefined,
};

const SEQUENCES: SequencesSection = {
  count: 1,
  countBytes: 1,
  modes: 0,
  sequences: Int32Array.of(1, 4, 7),
  tables: [undefined, undefined, undefined],
};

function block(
  literals: Partial<LiteralsSection>,
  sequences: Partial<SequencesSection> = {},
): DecodedBlock {
  return {
    type: "compressed",
    isLast: true,
    start: 0,
    end: 5,
    literals: { ...LITERALS, ...literals },
    sequences: { ...SEQUENCES, ...sequences },
  };
}

describe("BlockWriter writes each block again as it stood", () => {
  describe.each(plainSamples(5, 270_000))("in libzstd's streams of %s", (_, plain) => {
    test.each([-7, 1, 2, 3, 4, 6, 9, 13, 16, 18, 19])("level %i", (level) => {
      const params = {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
      };
      const stream = zstdCompressSync(plain, { params });
      expect(tellStream([stream]).again.equals(stream)).toBe(true);
    });
  });

  test.each(KLAUSPOST)("in a stream of klauspost/compress %s", (_, base64 = "") => {
    const stream = Buffer.from(base64, "base64");
    const told = tellStream([stream]);
    expect(told.again.equals(stream)).toBe(true);
    expect(told.plain).toHaveLength(300_000);
  });
});

describe("BlockWriter", () => {
  test("goes on in the midst of a frame with the tables carried over", () => {
    const [, base64 = ""] = KLAUSPOST[0] ?? [];
    const stream = Buffer.from(base64, "base64");
    const ignore = (): void => undefined;
    const whole = new BlockWriter();
    let lastTables: SequencesSection["tables"] | undefined;
    let compared = 0;
    const decoder = new ZstdDecoder({
      frame: () => whole.startFrame(),
      block(each) {
        const wanted = whole.write(each, decoder.window.bytes).slice();
        const [literals, offsets, matches] = lastTables ?? [];
        if (each.sequences?.modes === 0b11110000 && literals && offsets && matches) {
          const carried = (bytes: Uint8Array) => ({ kind: "described" as const, bytes });
          const second = new BlockWriter();
          second.startFrame({
            tree: undefined,
            tables: [literals, offsets, matches].map(carried),
          });
          expect(second.write(each, decoder.window.bytes)).toEqual(wanted);
          compared++;
        }
        lastTables = each.sequences?.tables.map((table) => table?.slice()) as typeof lastTables;
      },
      frameEnd: ignore,
      skippable: ignore,
    });
    decoder.write(stream);
    expect(compared).toBe(1);
  });

  test("writes a block that a decoder would read back", () => {
    expect([...new BlockWriter().write(block({}), new Uint8Array(0))].slice(0, 7)).toEqual([
      0x3d,
      0,
      0,
      1 << 3,
      65,
      1,
      0,
    ]);
  });

  const tree = Uint8Array.of(127 + 5, 0x43, 0x20, 0x10);
  test.each<[string, DecodedBlock]>([
    ["literals that do not fit their size format", block({ size: 32, bytes: new Uint8Array(40) })],
    ["more literals than a block may have", block({ size: 200_000, sizeFormat: 3 })],
    ["no tree where there has to be one", block({ type: "compressed" })],
    ["no tree that could be used again", block({ type: "treeless" })],
    ["a tree that is none", block({ type: "compressed", tree: Uint8Array.of(3, 0, 0, 0) })],
    ["a tree with bytes after it", block({ type: "compressed", tree: Uint8Array.of(...tree, 0) })],
    ["a literal that has no code", block({ type: "compressed", tree, bytes: Uint8Array.of(3) })],
    ["too few literals for four streams", block({ type: "compressed", tree, sizeFormat: 1 })],
    ["a count that does not fit its bytes", block({}, { count: 200 })],
    ["a small count in three bytes", block({}, { count: 5, countBytes: 3 })],
    ["reserved bits in the modes", block({}, { modes: 1 })],
    ["tables that could not be used again", block({}, { modes: 0b11000000 })],
    ["no description where there has to be one", block({}, { modes: 0b10000000 })],
    ["a description that is none", described(Uint8Array.of(15))],
    ["a description with bytes after it", described(Uint8Array.of(0xf0, 0x03, 0))],
    ["a table that cannot say a code", described(Uint8Array.of(0xf0, 0x03))],
    ["codes that differ where a table has one", block({}, differing())],
    [
      "an offset that there is no table entry for",
      block({}, { sequences: Int32Array.of(1, 4, 2 ** 30) }),
    ],
    ["a match that is too short", block({}, { sequences: Int32Array.of(1, 2, 7) })],
    ["a match that is too long", block({}, { sequences: Int32Array.of(1, 131_075, 7) })],
    ["a literal length that is too long", block({}, { sequences: Int32Array.of(131_072, 4, 7) })],
    ["a negative literal length", block({}, { sequences: Int32Array.of(-1, 4, 7) })],
    ["an offset value of 0", block({}, { sequences: Int32Array.of(1, 4, 0) })],
    ["fewer sequences than the count says", block({}, { count: 2 })],
    ["no sections", { ...block({}), literals: undefined }],
    ["a raw block that is too large", { ...block({}), type: "raw", end: 131_073 }],
  ])("refuses %s", (_, wrong) => {
    expect(() => new BlockWriter().write(wrong, new Uint8Array(0))).toThrow(RecipeError);
  });

  test("goes on rightly with the next block after a refusal", () => {
    const writer = new BlockWriter();
    const wanted = writer.write(block({}), new Uint8Array(0)).slice();
    const missing = block({ type: "compressed", tree, bytes: Uint8Array.of(3) });
    expect(() => writer.write(missing, new Uint8Array(0))).toThrow(RecipeError);
    expect(writer.write(block({}), new Uint8Array(0))).toEqual(wanted);
  });

  function described(table: Uint8Array): DecodedBlock {
    return block({}, { modes: 0b10000000, tables: [table, undefined, undefined] });
  }

  function differing(): Partial<SequencesSection> {
    return { count: 2, modes: 0b01000000, sequences: Int32Array.of(1, 4, 7, 0, 4, 7) };
  }
});
