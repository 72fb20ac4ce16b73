/**
 * The table of gzip engines. A newcomer adds a row here, and a model that the row can call; the golden
 * table of the tests then wants what the real encoder writes.
 */
import { GO_CHAIN_LEVELS, goChainModel } from "./chain/go-model.ts";
import {
  type KlauspostChainLevel,
  type KlauspostChainRevision,
  klauspostChainModel,
} from "./chain/klauspost-model.ts";
import { ZLIB_LEVELS, zlibModel } from "./chain/zlib-model.ts";
import type { Framing } from "./framing.ts";
import { createLiteralModel } from "./segment/literal-model.ts";
import type { SegmentLevel } from "./segment/segment-levels.ts";
import { createSegmentModel } from "./segment/segment-model.ts";
import type { TokenModel } from "./token-model.ts";

/** Whose code it goes back to. `none` has no part in who is likely. */
export type EngineFamily = "zlib" | "gnu" | "go" | "klauspost" | "none";

/** One encoder at one level, whose choices can be made again. */
export interface GzipEngine {
  /** Stands in recipes: a promise for ever. Never changed, never used again. */
  readonly id: number;
  readonly family: EngineFamily;
  /** Whose it is, for people: `GNU gzip`, `Go up to 1.26`. */
  readonly encoder: string;
  /** The encoder's own name of the level: `6`. */
  readonly level: string;
  /** Whether no program is known that has this engine and cuts its input into blocks. */
  readonly isNeverFramed?: boolean;
  model(framing: Framing): TokenModel;
}

const ZLIB = "zlib (Python, Java)";
const GNU = "GNU gzip";
const GO = "Go up to 1.26";
const KLAUSPOST = "klauspost (pgzip, Go from 1.27)";

/** Level 9 of each, and levels 7 and 8 of the first. */
const CHAIN_REVISIONS: Readonly<Record<KlauspostChainRevision, string>> = {
  "v1.15.0": "klauspost 1.15.0 to 1.15.13",
  "v1.15.15": "klauspost 1.15.14 to 1.18.4",
  "v1.18.5": "klauspost from 1.18.5",
  "go1.27": "Go from 1.27",
};

const zlibEngines: readonly GzipEngine[] = ZLIB_LEVELS.map((level) => ({
  id: level,
  family: "zlib",
  encoder: ZLIB,
  level: String(level),
  model: (framing) => zlibModel(level, { flavour: "zlib", framing }),
}));

const gnuEngines: readonly GzipEngine[] = ZLIB_LEVELS.map((level) => ({
  id: 50 + level,
  family: "gnu",
  encoder: GNU,
  level: String(level),
  model: (framing) => zlibModel(level, { flavour: "gnu", framing }),
}));

const goEngines: readonly GzipEngine[] = [
  segmentEngine(11, "best-speed", { family: "go", encoder: GO, level: "1" }),
  ...GO_CHAIN_LEVELS.map((level) => ({
    id: 10 + level,
    family: "go" as const,
    encoder: GO,
    level: String(level),
    model: (framing: Framing): TokenModel => goChainModel(level, framing),
  })),
];

const klauspostEngines: readonly GzipEngine[] = [
  segmentEngine(21, "level-1", { family: "klauspost", encoder: KLAUSPOST, level: "1" }),
  segmentEngine(22, "level-2", { family: "klauspost", encoder: KLAUSPOST, level: "2" }),
  segmentEngine(23, "level-3", { family: "klauspost", encoder: KLAUSPOST, level: "3" }),
  segmentEngine(24, "level-4", { family: "klauspost", encoder: KLAUSPOST, level: "4" }),
  segmentEngine(25, "level-5", { family: "klauspost", encoder: KLAUSPOST, level: "5" }),
  segmentEngine(26, "level-6", { family: "klauspost", encoder: KLAUSPOST, level: "6" }),
  chainEngine(27, 7, "v1.15.15"),
  chainEngine(28, 8, "v1.15.15"),
  chainEngine(29, 9, "go1.27"),
];

/** Encoders that look for no matches, and those that compress nothing. */
const literalEngine: GzipEngine = {
  id: 30,
  family: "none",
  encoder: "Huffman only (Go, klauspost)",
  level: "-2",
  model: () => createLiteralModel(),
};

/** Versions of klauspost/compress that chose otherwise. */
const olderEngines: readonly GzipEngine[] = [
  segmentEngine(31, "level-1-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.15.9",
    level: "1",
  }),
  segmentEngine(32, "level-2-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.15.9",
    level: "2",
  }),
  segmentEngine(33, "level-3-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.15.9",
    level: "3",
  }),
  segmentEngine(34, "level-4-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.17.11",
    level: "4",
  }),
  segmentEngine(35, "level-5-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.15.9",
    level: "5",
  }),
  segmentEngine(36, "level-6-first", {
    family: "klauspost",
    encoder: "klauspost 1.15.0 to 1.15.9",
    level: "6",
  }),
  chainEngine(37, 7, "v1.15.0"),
  chainEngine(38, 8, "v1.15.0"),
  chainEngine(39, 9, "v1.15.0"),
  chainEngine(40, 9, "v1.15.15"),
  chainEngine(41, 9, "v1.18.5"),
];

/** Every engine. A new one is a new row; nothing else needs to know. */
export const GZIP_ENGINES: readonly GzipEngine[] = [
  ...goEngines.toSorted(byLikelihood),
  ...klauspostEngines.toSorted(byLikelihood),
  ...zlibEngines.toSorted(byLikelihood),
  ...gnuEngines.toSorted(byLikelihood),
  ...olderEngines.toSorted(byLikelihood),
  literalEngine,
];

/** The default levels first: 6 for most, 5 for pgzip, 9 and 1 for those in a special hurry. */
function byLikelihood(one: GzipEngine, other: GzipEngine): number {
  const order = "659148732";
  return order.indexOf(one.level) - order.indexOf(other.level);
}

function segmentEngine(
  id: number,
  segment: SegmentLevel,
  names: Pick<GzipEngine, "family" | "encoder" | "level">,
): GzipEngine {
  return { id, ...names, model: (framing) => createSegmentModel(segment, framing) };
}

function chainEngine(
  id: number,
  level: KlauspostChainLevel,
  revision: KlauspostChainRevision,
): GzipEngine {
  return {
    id,
    family: "klauspost",
    encoder: level < 9 && revision === "v1.15.15" ? KLAUSPOST : CHAIN_REVISIONS[revision],
    level: String(level),
    isNeverFramed: revision === "go1.27",
    model: (framing) => klauspostChainModel(level, { revision, framing }),
  };
}
