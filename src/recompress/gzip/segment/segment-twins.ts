import { MODULE_BASE64 as LONG_SHORT } from "./long-short-engine-module.ts";
import type { SegmentLevel } from "./segment-levels.ts";
import type { TwinShape } from "./twin-engine.ts";

/** Which levels have a compiled twin. Without WebAssembly, and without a row here, the engine in TypeScript runs. */
export type SegmentTwins = Readonly<Partial<Record<SegmentLevel, TwinShape>>>;

/** All that there are. */
export const SEGMENT_TWINS: SegmentTwins = {
  "level-5": longShort(5, 2),
  "level-6": longShort(6, 2),
  "level-5-first": longShort(5, 0),
  "level-6-first": longShort(6, 0),
};

function longShort(level: 5 | 6, lookPast: 0 | 2): TwinShape {
  return {
    moduleBase64: LONG_SHORT,
    settings: [level, lookPast],
    singleSlots: 1 << 15,
    pairSlots: 2 << 15,
  };
}
