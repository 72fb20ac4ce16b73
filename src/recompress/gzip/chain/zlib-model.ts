import { PlainWindow } from "../../plain-window.ts";
import type { Framing } from "../framing.ts";
import type { TokenModel } from "../token-model.ts";
import type { ChainEngine } from "./chain-engine.ts";
import { ChainModel } from "./chain-model.ts";
import { CHAIN_WINDOW_BYTES } from "./chain-engine.ts";
import { GnuEnding } from "./gnu-ending.ts";
import { GreedyEngine } from "./greedy-engine.ts";
import { LazyEngine } from "./lazy-engine.ts";
import { createLazyTwin } from "./lazy-twin.ts";
import { ZlibMatcher } from "./zlib-matcher.ts";

/** zlib's levels with a compressor. */
export const ZLIB_LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** One of {@link ZLIB_LEVELS}. */
export type ZlibLevel = (typeof ZLIB_LEVELS)[number];

/** zlib's `deflateInit` settings. A level is lazy from 4 on; `lazy` means another thing below. */
interface ZlibSettings {
  /** From this length in hand on, less is searched. */
  readonly good: number;
  /** Lazy: a match this long is taken at once. Greedy: up to this length its positions are entered. */
  readonly lazy: number;
  readonly nice: number;
  readonly tries: number;
}

const GREEDY_LEVELS = 3;
/** GNU gzip does not end blocks early up to this level. */
const HASTY_LEVELS = 2;

const SETTINGS: Readonly<Record<ZlibLevel, ZlibSettings>> = {
  1: { good: 4, lazy: 4, nice: 8, tries: 4 },
  2: { good: 4, lazy: 5, nice: 16, tries: 8 },
  3: { good: 4, lazy: 6, nice: 32, tries: 32 },
  4: { good: 4, lazy: 4, nice: 16, tries: 16 },
  5: { good: 8, lazy: 16, nice: 32, tries: 32 },
  6: { good: 8, lazy: 16, nice: 128, tries: 128 },
  7: { good: 8, lazy: 32, nice: 128, tries: 256 },
  8: { good: 32, lazy: 128, nice: 258, tries: 1024 },
  9: { good: 32, lazy: 258, nice: 258, tries: 4096 },
};

/** Who writes: GNU gzip goes its own way in the last 261 bytes. */
export type ZlibFlavour = "zlib" | "gnu";

/** What {@link zlibModel} shall model. */
export interface ZlibModelOptions {
  readonly flavour: ZlibFlavour;
  readonly framing: Framing;
}

/**
 * Chooses tokens as zlib does with its usual window of 32 KiB and memory level 8, or as GNU gzip does.
 * Python, Java and pigz use zlib.
 */
export function zlibModel(level: ZlibLevel, { flavour, framing }: ZlibModelOptions): TokenModel {
  // GNU gzip knows no framing; and what its engine puts behind the end would overwrite the next block.
  const isGnu = flavour === "gnu" && framing.kind === "none";
  return new ChainModel({
    framing,
    treeRules: ["zlib"],
    blockRule: isGnu
      ? { looksAtGain: level > HASTY_LEVELS, isLazy: level > GREEDY_LEVELS }
      : undefined,
    createEngine: () => createZlibEngine(level, isGnu ? "gnu" : "zlib"),
  });
}

/** Lazy levels run compiled where that can be, but GNU gzip's way at the end is in TypeScript alone. */
function createZlibEngine(level: ZlibLevel, flavour: ZlibFlavour): ChainEngine {
  const { good, lazy, nice, tries } = SETTINGS[level];
  const isGreedy = level <= GREEDY_LEVELS;
  const isTwin = !isGreedy && flavour === "zlib";
  const twin = isTwin ? createLazyTwin({ flavour, good, lazy, nice, tries }) : undefined;
  if (twin !== undefined) return twin;
  const window = new PlainWindow(CHAIN_WINDOW_BYTES);
  const ending = flavour === "gnu" ? new GnuEnding(window, !isGreedy) : undefined;
  const matcher = new ZlibMatcher(window, { good, nice, tries, takesFarThrees: isGreedy, ending });
  return isGreedy ? new GreedyEngine(window, matcher, lazy) : new LazyEngine(window, matcher, lazy);
}
