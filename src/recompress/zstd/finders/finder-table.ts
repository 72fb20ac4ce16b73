import { PlainWindow } from "../../plain-window.ts";
import type { SequenceFinder } from "../sequence-finder.ts";
import { BestSearch, type BestRevision } from "./best-search.ts";
import { BetterSearch, type BetterRevision } from "./better-search.ts";
import { BlockCursor } from "./block-cursor.ts";
import { CompiledFinder } from "./compiled-finder.ts";
import { compiledSpeed } from "./compiled-speeds.ts";
import { CompiledWindow, createCompiledWindow } from "./compiled-window.ts";
import { DefaultSearch } from "./default-search.ts";
import { EarlyBestSearch, type EarlyBestRevision } from "./early-best-search.ts";
import { FastestSearch } from "./fastest-search.ts";
import type { FinderModel, FinderReach, FinderSpeed } from "./finder-model.ts";
import { GuidedFinder } from "./guided-finder.ts";
import type { MatchSearch } from "./match-search.ts";
import type { EngineMemory } from "../../engine-memory.ts";

type SearchMaker = (cursor: BlockCursor) => MatchSearch;

const BETTER: readonly BetterRevision[] = [
  { toleratedBytes: 0, indexesFromSearch: false, takesRunsWhole: false },
  { toleratedBytes: 3, indexesFromSearch: false, takesRunsWhole: false },
  { toleratedBytes: 3, indexesFromSearch: true, takesRunsWhole: false },
  { toleratedBytes: 3, indexesFromSearch: true, takesRunsWhole: true },
];

const EARLY_BEST: readonly EarlyBestRevision[] = [
  { contest: "each-way", toleratedBytes: 0 },
  { contest: "halves", toleratedBytes: 2 },
  { contest: "earlier-first", toleratedBytes: 2 },
];

const LAST_BEST: BestRevision = {
  stretches: "unless-best-repeats",
  reckonsWrittenRepeats: true,
  indexesLast: true,
  takesRunsWhole: true,
};
const BEST: readonly BestRevision[] = [
  {
    stretches: "own-offsets",
    reckonsWrittenRepeats: false,
    indexesLast: false,
    takesRunsWhole: false,
  },
  { ...LAST_BEST, stretches: "all", takesRunsWhole: false },
  { ...LAST_BEST, takesRunsWhole: false },
  LAST_BEST,
];

/** By speed: a search for each revision. */
const SEARCHES: Readonly<Record<FinderSpeed, readonly SearchMaker[]>> = {
  fastest: [(cursor) => new FastestSearch(cursor)],
  default: [(cursor) => new DefaultSearch(cursor)],
  better: BETTER.map((revision) => (cursor) => new BetterSearch(cursor, revision)),
  best: [
    ...EARLY_BEST.map(
      (revision): SearchMaker =>
        (cursor) =>
          new EarlyBestSearch(cursor, revision),
    ),
    ...BEST.map(
      (revision): SearchMaker =>
        (cursor) =>
          new BestSearch(cursor, revision),
    ),
  ],
};

/**
 * @param capacity bytes that can be in it at once
 * @param memory where it is from, if there is enough
 * @returns a window for finders of this model: in the memory of a compiled engine, where there is one.
 */
export function createWindow(
  model: FinderModel,
  capacity: number,
  memory?: EngineMemory,
): PlainWindow {
  const speed = compiledSpeed(model);
  if (speed === undefined) return new PlainWindow(capacity);
  const window = memory?.handOver(speed, capacity) ?? createCompiledWindow(speed, capacity);
  return window ?? new PlainWindow(capacity);
}

/**
 * @param window keeps `windowSize` bytes before any block that is searched, or all of its frame
 * @returns a finder with empty tables, compiled if the window is one for this model and has a place
 * @throws {RangeError} when there is no such revision.
 */
export function createFinder(
  model: FinderModel,
  window: PlainWindow,
  reach: FinderReach,
): SequenceFinder {
  const isCompiled = window instanceof CompiledWindow && window.speed === compiledSpeed(model);
  const place = isCompiled ? window.take() : undefined;
  if (isCompiled && place !== undefined) return new CompiledFinder(window, place, reach);
  const createSearch = SEARCHES[model.speed][model.revision];
  if (createSearch === undefined) {
    throw new RangeError(`speed ${model.speed} has no revision ${model.revision}`);
  }
  const cursor = new BlockCursor(window, reach.windowSize);
  return new GuidedFinder(createSearch(cursor), cursor, reach.jobBytes);
}
