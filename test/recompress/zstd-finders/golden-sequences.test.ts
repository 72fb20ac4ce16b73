import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ZSTD_ENGINES, type ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";
import { cutBlocks, FinderRun, mixedPlain } from "./searched-plain.ts";

const WINDOW_BYTES = 256 * 1024;
const JOB_BYTES = 1024 * 1024;

/**
 * By engine: of the sequences in all blocks. Real streams of the encoders in all these versions, made of the
 * same plain bytes with a window of 256 KiB, held the same sequences wherever they held any.
 */
const DIGESTS: Readonly<Record<number, string>> = {
  101: "4a1bd5d03ba20c36",
  102: "d90999106bbf28e3",
  103: "e62b9fa6c975a50b",
  104: "24cb57e7b93c5328",
  105: "ac049945d0141bde",
  106: "f090e8336634a7d7",
  107: "ac72497343126e8d",
  108: "a2917ec6db3f8821",
  109: "14c255d6a27ad18f",
  110: "f083250a3f1eb3db",
  111: "9fe61e4585a464a5",
  112: "b2a3ae6cbe34d60d",
  113: "f04e2af41bff4544",
};

/** The same for an encoder that compresses jobs of 1 MiB side by side. */
const JOB_DIGESTS: Readonly<Record<number, string>> = {
  101: "5e76c8e50c09a17f",
  102: "18b5042d94ee054b",
  105: "845d21684dcc3e98",
  111: "56fad5bd03ae3f45",
};

/** The same for frames of one block each, where two speeds have rules of their own. */
const SMALL_FRAMES_DIGESTS: Readonly<Record<number, string>> = {
  101: "c5a01fa6183a87c4",
  102: "65984464de76d50b",
};
/** Of frames that come out otherwise when further blocks follow. */
const SMALL_FRAME_SEEDS = [
  60, 159, 187, 248, 400, 413, 451, 472, 528, 543, 558, 574, 698, 729, 821, 1045, 1061, 1097, 1161,
  1185, 1193, 1438, 1439,
] as const;

const BLOCK_BYTES = 128 * 1024;

/** Some blocks of it are runs of zeros. */
const plain = mixedPlain(10 * BLOCK_BYTES + 777, 7).fill(0, 3 * BLOCK_BYTES, 5 * BLOCK_BYTES + 999);

function engineOf(id: number): ZstdEngine {
  const engine = ZSTD_ENGINES.find((candidate) => candidate.id === id);
  if (engine === undefined) throw new Error(`no engine ${id}`);
  return engine;
}

function createRun(engine: ZstdEngine, jobBytes?: number): FinderRun {
  const jobs = jobBytes === undefined ? {} : { jobBytes };
  return new FinderRun(WINDOW_BYTES, (window) =>
    engine.finder(window, { windowSize: WINDOW_BYTES, ...jobs }),
  );
}

function digestOf(id: number, jobBytes?: number): string {
  const engine = engineOf(id);
  const run = createRun(engine, jobBytes);
  const hash = createHash("sha256");
  for (const { sequences } of run.find(cutBlocks(plain, engine.blockBytes))) hash.update(sequences);
  return hash.digest("hex").slice(0, 16);
}

test("there is a digest for each engine", () => {
  expect(new Set(ZSTD_ENGINES.map(({ id }) => String(id)))).toEqual(new Set(Object.keys(DIGESTS)));
});

test.each(Object.entries(DIGESTS))("engine %s chooses as it always has", (id, digest) => {
  expect(digestOf(Number(id))).toBe(digest);
});

test.each(Object.entries(JOB_DIGESTS))("engine %s begins jobs as it always has", (id, digest) => {
  expect(digestOf(Number(id), JOB_BYTES)).toBe(digest);
});

function digestOfSmallFrames(id: number, isOnlyBlock: boolean): string {
  const hash = createHash("sha256");
  for (const seed of SMALL_FRAME_SEEDS) {
    const block = mixedPlain(120 + ((seed * 37) % 3000), seed);
    const found = createRun(engineOf(id)).findBlock(block, () => ({ kind: "free" }), isOnlyBlock);
    hash.update(found.sequences);
  }
  return hash.digest("hex").slice(0, 16);
}

test.each(Object.entries(SMALL_FRAMES_DIGESTS))(
  "engine %s treats frames of one block as it always has",
  (id, digest) => {
    expect(digestOfSmallFrames(Number(id), true)).toBe(digest);
    expect(digestOfSmallFrames(Number(id), false)).not.toBe(digest);
  },
);
