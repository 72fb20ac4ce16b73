import { MODULE_BASE64 as BEST } from "./best-engine-module.ts";
import { MODULE_BASE64 as BETTER } from "./better-engine-module.ts";
import { MODULE_BASE64 as DEFAULT } from "./default-engine-module.ts";
import { MODULE_BASE64 as EARLY_BEST } from "./early-best-engine-module.ts";
import { MODULE_BASE64 as FASTEST } from "./fastest-engine-module.ts";
import type { FinderModel } from "./finder-model.ts";

/** A speed, in one of its revisions, that is compiled to WebAssembly. */
export interface CompiledSpeed {
  readonly moduleBase64: string;
  /** For the module's `choose`: what is said of the revision in finder-table.ts, in the same order. */
  readonly settings?: readonly number[];
  /** As in `MatchSearch`. */
  readonly overlapShare: number;
  /** Whether it has to be told what a block's literals cost. */
  readonly reckonsLiterals: boolean;
}

const CONTESTS = { eachWay: 0, halves: 1, earlierFirst: 2 } as const;
const STRETCHES = { ownOffsets: 0, all: 1, unlessBestRepeats: 2 } as const;

/** By revision. */
const SPEEDS: Readonly<Record<FinderModel["speed"], readonly (CompiledSpeed | undefined)[]>> = {
  fastest: [{ moduleBase64: FASTEST, overlapShare: 8, reckonsLiterals: false }],
  default: [{ moduleBase64: DEFAULT, overlapShare: 8, reckonsLiterals: false }],
  better: [better(0, 0, 0), better(3, 0, 0), better(3, 1, 0), better(3, 1, 1)],
  best: [
    earlyBest(CONTESTS.eachWay, 0),
    earlyBest(CONTESTS.halves, 2),
    earlyBest(CONTESTS.earlierFirst, 2),
    best(STRETCHES.ownOffsets, 0, 0, 0),
    best(STRETCHES.all, 1, 1, 0),
    best(STRETCHES.unlessBestRepeats, 1, 1, 0),
    best(STRETCHES.unlessBestRepeats, 1, 1, 1),
  ],
};

/** @returns `undefined` where only the engine in TypeScript is there. */
export function compiledSpeed({ speed, revision }: FinderModel): CompiledSpeed | undefined {
  return SPEEDS[speed][revision];
}

function better(...settings: readonly number[]): CompiledSpeed {
  return { moduleBase64: BETTER, settings, overlapShare: 4, reckonsLiterals: false };
}

function best(...settings: readonly number[]): CompiledSpeed {
  return { moduleBase64: BEST, settings, overlapShare: 2, reckonsLiterals: true };
}

function earlyBest(...settings: readonly number[]): CompiledSpeed {
  return { moduleBase64: EARLY_BEST, settings, overlapShare: 2, reckonsLiterals: true };
}
