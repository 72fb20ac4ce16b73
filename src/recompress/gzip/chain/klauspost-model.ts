import { PlainWindow } from "../../plain-window.ts";
import type { Framing } from "../framing.ts";
import type { TokenModel } from "../token-model.ts";
import { CHAIN_WINDOW_BYTES } from "./chain-engine.ts";
import type { ChainEngine } from "./chain-engine.ts";
import { ChainModel } from "./chain-model.ts";
import { KlauspostEngine } from "./klauspost-engine.ts";
import { LiteralCosts } from "./literal-costs.ts";
import type { CostRules } from "./literal-costs.ts";

/** The levels of klauspost/compress/flate that use hash chains. */
export const KLAUSPOST_CHAIN_LEVELS = [7, 8, 9] as const;

/** One of {@link KLAUSPOST_CHAIN_LEVELS}. */
export type KlauspostChainLevel = (typeof KLAUSPOST_CHAIN_LEVELS)[number];

/**
 * The versions in which the choice of tokens changed; each goes on up to the next. Levels 7 and 8 are the
 * same from `v1.15.15` on. `go1.27` is Go's own copy.
 */
export type KlauspostChainRevision = "v1.15.0" | "v1.15.15" | "v1.18.5" | "go1.27";

const LEVELS = {
  7: { lazy: 12, nice: 16, tries: 24, hasCosts: false },
  8: { lazy: 30, nice: 40, tries: 64, hasCosts: false },
  9: { lazy: 258, nice: 258, tries: 1024, hasCosts: true },
} as const;

interface Revision {
  readonly beginsLater: boolean;
  readonly costs: CostRules;
}

const ALL_BYTES = 65536;

const REVISIONS: Readonly<Record<KlauspostChainRevision, Revision>> = {
  "v1.15.0": {
    beginsLater: false,
    costs: { countedBytes: ALL_BYTES, baseCost: 6, leastGain: 0, costOfUncounted: 0 },
  },
  "v1.15.15": {
    beginsLater: true,
    costs: { countedBytes: ALL_BYTES, baseCost: 3, leastGain: 4, costOfUncounted: 0 },
  },
  "v1.18.5": {
    beginsLater: true,
    costs: { countedBytes: 32768, baseCost: 3, leastGain: 4, costOfUncounted: 0 },
  },
  "go1.27": {
    beginsLater: true,
    costs: { countedBytes: 32768, baseCost: 3, leastGain: 4, costOfUncounted: 1 },
  },
};

/** What {@link klauspostChainModel} shall model. */
export interface KlauspostChainOptions {
  readonly revision: KlauspostChainRevision;
  readonly framing: Framing;
}

/** Chooses tokens as klauspost/compress/flate does at levels 7 to 9, and Go's compress/flate from 1.27 on. */
export function klauspostChainModel(
  level: KlauspostChainLevel,
  { revision, framing }: KlauspostChainOptions,
): TokenModel {
  return new ChainModel({
    framing,
    treeRules: ["go", "go-untrimmed"],
    createEngine: () => createKlauspostEngine(level, REVISIONS[revision]),
  });
}

function createKlauspostEngine(level: KlauspostChainLevel, revision: Revision): ChainEngine {
  const { lazy, nice, tries, hasCosts } = LEVELS[level];
  return new KlauspostEngine(new PlainWindow(CHAIN_WINDOW_BYTES), {
    lazy,
    nice,
    tries,
    costs: hasCosts ? new LiteralCosts(revision.costs) : undefined,
    beginsLater: revision.beginsLater,
  });
}
