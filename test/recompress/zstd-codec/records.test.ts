import { describe, expect, test } from "vitest";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { ColumnReader, ColumnWriter } from "../../../src/recompress/columns.ts";
import {
  NO_EXCEPTIONS,
  readBlockRecord,
  usualCountBytes,
  usualSizeFormat,
  writeBlockRecord,
} from "../../../src/recompress/zstd/block-records.ts";
import type { BlockRecord } from "../../../src/recompress/zstd/block-records.ts";
import {
  type BlockChoice,
  RAW_BLOCK,
  readChoice,
  writeChoice,
} from "../../../src/recompress/zstd/choices/block-choice.ts";
import { CHOICE_RULES } from "../../../src/recompress/zstd/choices/choice-rules.ts";
import { predictFrameHeader } from "../../../src/recompress/zstd/frame-header.ts";
import {
  readItemRecord,
  writeDocumentItem,
  writeFrameRecord,
  writeSkippableRecord,
} from "../../../src/recompress/zstd/frame-records.ts";
import { SparseReader, SparseWriter } from "../../../src/recompress/zstd/sparse-column.ts";
import {
  createZstdColumns,
  readZstdColumns,
  toZstdRecipe,
  zstdColumnsSizeBytes,
} from "../../../src/recompress/zstd/zstd-columns.ts";
import type {
  ZstdColumnReaders,
  ZstdColumnWriters,
} from "../../../src/recompress/zstd/zstd-columns.ts";
import { readZstdHead, writeZstdHead } from "../../../src/recompress/zstd/zstd-head.ts";
import { readRestarts, writeRestart } from "../../../src/recompress/zstd/zstd-restarts.ts";

const [RULE] = CHOICE_RULES;
if (RULE === undefined) throw new Error("no rules");
const HEAD = {
  engine: 7,
  windowBytes: 65_536,
  blockBytes: 1024,
  rule: RULE,
  borders: "files",
  endsEmpty: true,
  jobs: undefined,
} as const;
const SIZES = { streamBytes: 1000, plainBytes: 5000 };
function written(write: (columns: ZstdColumnWriters) => void): ZstdColumnReaders {
  const columns = createZstdColumns();
  write(columns);
  return readZstdColumns(toZstdRecipe(columns, SIZES));
}

describe("a block's record", () => {
  test.each<Partial<BlockRecord>>([
    {},
    { shape: { sizeBytes: 131_072, isLast: true } },
    { shape: { sizeBytes: 0, isLast: false }, sizeFormat: 3, countBytes: 2 },
    { fixes: [0, 5, 6, 7, 43_690, 131_072, 131_075, 2 ** 28, 43_690, 0, 0, 0] },
    { tree: Uint8Array.of(1, 2), tables: [Uint8Array.of(3), undefined, Uint8Array.of(4, 5)] },
  ])("is read as it was written: %j", (changes) => {
    const record = { ...NO_EXCEPTIONS, ...changes };
    const columns = written((writers) => {
      const blocks = new SparseWriter(writers.blocks);
      for (const each of [NO_EXCEPTIONS, record, record, NO_EXCEPTIONS]) {
        writeBlockRecord(writers, blocks, each);
      }
    });
    const reader = new SparseReader(columns.blocks);
    const read = Array.from({ length: 5 }, () => readBlockRecord(columns, reader));
    expect(read).toEqual([NO_EXCEPTIONS, record, record, NO_EXCEPTIONS, NO_EXCEPTIONS]);
  });

  test("takes nothing, as a rule", () => {
    const columns = createZstdColumns();
    writeBlockRecord(columns, new SparseWriter(columns.blocks), NO_EXCEPTIONS);
    expect(zstdColumnsSizeBytes(columns)).toBe(0);
  });

  test.each([
    [0, 1, 132, 128, 16],
    [0, 2, 4],
    [0, 128, 2],
  ])("is refused for numbers that mean nothing: %j", (...numbers) => {
    const columns = written((writers) => writers.blocks.raw(Uint8Array.of(...numbers)));
    const reader = new SparseReader(columns.blocks);
    const readAll = (): unknown => [1, 2].map(() => readBlockRecord(columns, reader));
    expect(readAll).toThrow(RecipeError);
  });

  test("is refused when its corrections lead beyond any block", () => {
    const columns = written((writers) => {
      writeBlockRecord(writers, new SparseWriter(writers.blocks), {
        ...NO_EXCEPTIONS,
        fixes: [43_690, 1, 3, 4, 43_691, 1, 3, 4],
      });
    });
    expect(() => readBlockRecord(columns, new SparseReader(columns.blocks))).toThrow(RecipeError);
  });
});

describe("a sparse column", () => {
  function sparse(records: readonly (number | undefined)[]) {
    const writer = new SparseWriter(new ColumnWriter());
    const places = records.map((record) => {
      const { place } = writer;
      if (record === undefined) writer.pass();
      else writer.note().number(record);
      return place;
    });
    return { bytes: writer.column.written().slice(), places };
  }

  const RECORDS = [undefined, undefined, 7, 300, undefined, 9, undefined, undefined];

  test("is read from any place as it was written", () => {
    const { bytes, places } = sparse(RECORDS);
    for (const [from, { position, passed }] of places.entries()) {
      const reader = new SparseReader(new ColumnReader(bytes, position), passed);
      const read = RECORDS.slice(from).map(() => {
        return reader.next() ? reader.column.number() : undefined;
      });
      expect(read).toEqual(RECORDS.slice(from));
    }
  });

  test("is refused from a place behind the next record", () => {
    const { bytes } = sparse(RECORDS);
    expect(() => new SparseReader(new ColumnReader(bytes), 3).next()).toThrow(RecipeError);
  });
});

describe("a choice", () => {
  test.each<BlockChoice>([
    RAW_BLOCK,
    { ...RAW_BLOCK, type: "rle" },
    { type: "compressed", literalsType: "treeless", hasSequences: true, modes: 168 },
    { type: "compressed", literalsType: "rle", hasSequences: false, modes: 0 },
  ])("is read as it was written: %j", (choice) => {
    const columns = written((writers) => writeChoice(writers.choices, choice));
    expect(readChoice(columns.choices)).toEqual(choice);
  });

  test.each([[3], [4], [16, 0], [18], [32]])("is refused for %j", (...numbers) => {
    const columns = written((writers) => writers.choices.raw(Uint8Array.of(...numbers)));
    expect(() => readChoice(columns.choices)).toThrow(RecipeError);
  });
});

describe("usualSizeFormat and usualCountBytes", () => {
  test("follow the smallest format that fits", () => {
    expect([15, 16, 2047, 2048].map((size) => usualSizeFormat("raw", size))).toEqual([0, 1, 1, 3]);
    expect([1023, 1024, 16_383, 16_384].map((size) => usualSizeFormat("treeless", size))).toEqual([
      0, 2, 2, 3,
    ]);
    expect([127, 128, 0x7eff, 0x7f00].map(usualCountBytes)).toEqual([1, 2, 2, 3]);
  });
});

describe("a frame's record", () => {
  test.each([
    {
      header: undefined,
      grownWindowBytes: undefined,
      checksum: "computed",
      checksumBytes: undefined,
    },
    {
      header: Uint8Array.of(1, 2, 3),
      grownWindowBytes: 4096,
      checksum: "none",
      checksumBytes: undefined,
    },
    {
      header: undefined,
      grownWindowBytes: undefined,
      checksum: "stored",
      checksumBytes: Uint8Array.of(9, 8, 7, 6),
    },
  ] as const)("is read as it was written: %j", (told) => {
    const record = { kind: "frame", ...told } as const;
    expect(readItemRecord(written((columns) => writeFrameRecord(columns, record)))).toEqual(record);
  });

  test("may be one of a skippable frame", () => {
    const columns = written((writers) => writeSkippableRecord(writers, 2 ** 32 + 7));
    expect(readItemRecord(columns)).toEqual({ kind: "skippable", sizeBytes: 2 ** 32 + 7 });
  });

  test("may be one of a document", () => {
    expect(readItemRecord(written(writeDocumentItem))).toEqual({ kind: "document" });
  });

  test.each([5, 24, 32])("is refused for flags that mean nothing: %i", (flags) => {
    const columns = written((writers) => writers.items.number(flags));
    expect(() => readItemRecord(columns)).toThrow(RecipeError);
  });
});

describe("the head", () => {
  test.each([undefined, { jobBytes: 524_288, from: 2 ** 40 }])(
    "is read as it was written (%j)",
    (jobs) => {
      const head = { ...HEAD, jobs };
      expect(readZstdHead(written((columns) => writeZstdHead(columns.head, head)).head)).toEqual(
        head,
      );
    },
  );

  test.each([
    { windowBytes: 1023 },
    { windowBytes: 2 ** 26 + 1 },
    { blockBytes: 0 },
    { blockBytes: 131_073 },
    { jobs: { jobBytes: 1000, from: 0 } },
  ])("is refused with %j", (changes) => {
    const head = { ...HEAD, ...changes };
    const columns = written((writers) => writeZstdHead(writers.head, head));
    expect(() => readZstdHead(columns.head)).toThrow(RecipeError);
  });
});

describe("restart records", () => {
  const columns = createZstdColumns();
  const positions = {
    head: 0,
    items: 1,
    blocks: 0,
    choices: 0,
    tables: 0,
    corrections: 0,
    bytes: 2,
    documents: 0,
    restarts: 0,
  };
  const first = {
    kind: "tar",
    plainFrom: 1000,
    plainAt: 2000,
    streamByte: 100,
    windowBytes: 4096,
    positions,
    passed: { blocks: 3, choices: 5000 },
    borders: { position: 2000, nextHeader: 2512, paxBytes: undefined, borders: [2100, 2200] },
    frame: {
      plainStart: 0,
      carried: {
        tree: { kind: "described", bytes: Uint8Array.of(1, 2, 3) },
        tables: [
          undefined,
          { kind: "predefined", bytes: new Uint8Array(0) },
          { kind: "rle", bytes: Uint8Array.of(5) },
        ],
      },
    },
  } as const;
  const second = {
    ...first,
    plainFrom: 3000,
    plainAt: 3000,
    streamByte: 200,
    borders: { position: 3000, nextHeader: undefined, paxBytes: 77, borders: [] },
    frame: undefined,
  };
  const documents = { kind: "documents", plainFrom: 0, plainAt: 5000, streamByte: 900 } as const;

  function recipeWith(...records: Parameters<typeof writeRestart>[1][]) {
    const writers = { ...columns, restarts: createZstdColumns().restarts };
    for (const record of records) writeRestart(writers.restarts, record);
    return toZstdRecipe(writers, SIZES);
  }

  test("are read as they were written", () => {
    expect(readRestarts(recipeWith(first, second, documents))).toEqual([first, second, documents]);
  });

  test.each([
    { plainFrom: 2001 },
    { plainAt: 5001, plainFrom: 5000 },
    { streamByte: 1001 },
    { borders: { ...first.borders, nextHeader: 1999 } },
    { borders: { ...first.borders, borders: [1999] } },
    { borders: { ...first.borders, borders: [2200, 2100] } },
  ])("are refused out of order: %j", (changes) => {
    expect(() => readRestarts(recipeWith({ ...first, ...changes }))).toThrow(RecipeError);
    expect(() => readRestarts(recipeWith(second, first))).toThrow(RecipeError);
    expect(() => readRestarts(recipeWith(documents, documents))).toThrow(RecipeError);
  });
});

describe("predictFrameHeader", () => {
  const window = { windowBytes: 8 * 1024 * 1024 };

  test.each([
    [undefined, "28b52ffd0468"],
    [0, "28b52ffd0468"],
    [1, "28b52ffd0400"],
    [255, "28b52ffd0400"],
    [256, "28b52ffd44000000"],
    [1023, "28b52ffd4400ff02"],
    [1024, "28b52ffd44080003"],
    [1025, "28b52ffd640103"],
    [65_791, "28b52ffd64ffff"],
    [65_792, "28b52ffda400010100"],
  ])("of an only block of %s bytes, or several blocks", (onlyBlockBytes, expected) => {
    const header = predictFrameHeader({ onlyBlockBytes, ...window });
    expect(Buffer.from(header).toString("hex")).toBe(expected);
  });
});
