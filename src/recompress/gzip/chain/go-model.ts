import { PlainWindow } from "../../plain-window.ts";
import type { Framing } from "../framing.ts";
import type { TokenModel } from "../token-model.ts";
import type { ChainEngine } from "./chain-engine.ts";
import { ChainModel } from "./chain-model.ts";
import { CHAIN_WINDOW_BYTES } from "./chain-engine.ts";
import { GoMatcher } from "./go-matcher.ts";
import { GreedyEngine } from "./greedy-engine.ts";
import { LazyEngine } from "./lazy-engine.ts";
import { createLazyTwin } from "./lazy-twin.ts";

/** The levels of Go's compress/flate that use hash chains, up to Go 1.26. */
export const GO_CHAIN_LEVELS = [2, 3, 4, 5, 6, 7, 8, 9] as const;

/** One of {@link GO_CHAIN_LEVELS}. */
export type GoChainLevel = (typeof GO_CHAIN_LEVELS)[number];

interface GoSettings {
  /** Lazy: a match this long is taken at once. Greedy: up to this length its positions are entered. */
  readonly lazy: number;
  readonly nice: number;
  readonly tries: number;
}

const GREEDY_LEVELS = 3;

const SETTINGS: Readonly<Record<GoChainLevel, GoSettings>> = {
  2: { lazy: 5, nice: 16, tries: 8 },
  3: { lazy: 6, nice: 32, tries: 32 },
  4: { lazy: 4, nice: 16, tries: 16 },
  5: { lazy: 16, nice: 32, tries: 32 },
  6: { lazy: 16, nice: 128, tries: 128 },
  7: { lazy: 32, nice: 128, tries: 256 },
  8: { lazy: 128, nice: 258, tries: 1024 },
  9: { lazy: 258, nice: 258, tries: 4096 },
};

/** Chooses tokens as Go's compress/flate does up to Go 1.26, levels 2 to 9. */
export function goChainModel(level: GoChainLevel, framing: Framing): TokenModel {
  return new ChainModel({
    framing,
    treeRules: ["go"],
    createEngine: () => createGoEngine(level),
  });
}

/** Lazy levels run compiled where that can be. */
function createGoEngine(level: GoChainLevel): ChainEngine {
  const { lazy, nice, tries } = SETTINGS[level];
  const isGreedy = level <= GREEDY_LEVELS;
  const twin = isGreedy ? undefined : createLazyTwin({ flavour: "go", good: 0, lazy, nice, tries });
  if (twin !== undefined) return twin;
  const window = new PlainWindow(CHAIN_WINDOW_BYTES);
  const matcher = new GoMatcher(window, { nice, tries });
  return isGreedy ? new GreedyEngine(window, matcher, lazy) : new LazyEngine(window, matcher, lazy);
}
