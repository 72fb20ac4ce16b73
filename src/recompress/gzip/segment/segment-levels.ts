import type { PlainWindow } from "../../plain-window.ts";
import { BestSpeedEngine } from "./levels/best-speed-engine.ts";
import { Level3Engine } from "./levels/level-3-engine.ts";
import { Level4Engine } from "./levels/level-4-engine.ts";
import { Level5Engine } from "./levels/level-5-engine.ts";
import { Level6Engine } from "./levels/level-6-engine.ts";
import { SingleTableEngine } from "./levels/single-table-engine.ts";
import type { SegmentEngine } from "./segment-engine.ts";

/**
 * The levels that work segment by segment.
 *
 * `best-speed` is level 1 of Go up to 1.26. The others are those of klauspost/compress, and of Go from 1.27 on.
 * Those with `-first` are of klauspost's versions 1.15.0 to 1.15.9, level 4 up to 1.17.11; since then they
 * choose the same tokens. Versions before 1.15.0 cut matches longer than 258 otherwise.
 */
export type SegmentLevel =
  | "best-speed"
  | "level-1"
  | "level-2"
  | "level-3"
  | "level-4"
  | "level-5"
  | "level-6"
  | "level-1-first"
  | "level-2-first"
  | "level-3-first"
  | "level-4-first"
  | "level-5-first"
  | "level-6-first";

/** How an engine is made. */
export type MakeSegmentEngine = (window: PlainWindow) => SegmentEngine;

/** Every level in TypeScript. */
export const SEGMENT_ENGINES: Readonly<Record<SegmentLevel, MakeSegmentEngine>> = {
  "best-speed": (window) => new BestSpeedEngine(window),
  "level-1": (window) => new SingleTableEngine(window, { level: 1, isFirstRevision: false }),
  "level-2": (window) => new SingleTableEngine(window, { level: 2, isFirstRevision: false }),
  "level-3": (window) => new Level3Engine(window, false),
  "level-4": (window) => new Level4Engine(window, false),
  "level-5": (window) => new Level5Engine(window, 2),
  "level-6": (window) => new Level6Engine(window, 2),
  "level-1-first": (window) => new SingleTableEngine(window, { level: 1, isFirstRevision: true }),
  "level-2-first": (window) => new SingleTableEngine(window, { level: 2, isFirstRevision: true }),
  "level-3-first": (window) => new Level3Engine(window, true),
  "level-4-first": (window) => new Level4Engine(window, true),
  "level-5-first": (window) => new Level5Engine(window, 0),
  "level-6-first": (window) => new Level6Engine(window, 0),
};
