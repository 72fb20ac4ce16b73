import { MODULE_BASE64 as BEST_SPEED } from "./best-speed-engine-module.ts";
import { MODULE_BASE64 as LONG_SHORT } from "./long-short-engine-module.ts";
import type { SegmentLevel } from "./segment-levels.ts";
import { MODULE_BASE64 as SINGLE_TABLE } from "./single-table-engine-module.ts";
import type { TwinShape } from "./twin-engine.ts";

/** Which levels have a compiled twin. Without WebAssembly, and without a row here, the engine in TypeScript runs. */
export type SegmentTwins = Readonly<Partial<Record<SegmentLevel, TwinShape>>>;

/** All that there are. */
export const SEGMENT_TWINS: SegmentTwins = {
  "best-speed": {
    moduleBase64: BEST_SPEED,
    settings: [0, 0],
    singleSlots: 1 << 14,
    pairSlots: 0,
  },
  "level-1": singleTable(1, 0),
  "level-2": singleTable(2, 0),
  "level-5": longShort(5, 2),
  "level-6": longShort(6, 2),
  "level-1-first": singleTable(1, 1),
  "level-2-first": singleTable(2, 1),
  "level-5-first": longShort(5, 0),
  "level-6-first": longShort(6, 0),
};

function singleTable(level: 1 | 2, isFirstRevision: 0 | 1): TwinShape {
  return {
    moduleBase64: SINGLE_TABLE,
    settings: [level, isFirstRevision],
    singleSlots: level === 1 ? 1 << 15 : 1 << 17,
    pairSlots: 0,
  };
}

function longShort(level: 5 | 6, lookPast: 0 | 2): TwinShape {
  return {
    moduleBase64: LONG_SHORT,
    settings: [level, lookPast],
    singleSlots: 1 << 15,
    pairSlots: 2 << 15,
  };
}
