import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import type { FinderSpeed } from "../../../src/recompress/zstd/finders/finder-model.ts";
import type { ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";

/** A window small enough for short streams to leave it behind. */
const WINDOW_BYTES = 128 * 1024;

/** Engines of our own numbering, with small windows. */
export const TEST_ENGINES: readonly ZstdEngine[] = [
  engine(11, "default", 0),
  engine(12, "fastest", 0),
  engine(13, "better", 3),
  engine(14, "better", 0),
];

/** Of the speed `best`, whose tables are large. */
export const BEST_ENGINE: ZstdEngine = engine(15, "best", 6);

function engine(id: number, speed: FinderSpeed, revision: number): ZstdEngine {
  return {
    id,
    encoder: `test encoder ${revision}`,
    level: speed,
    windowBytes: WINDOW_BYTES,
    blockBytes: speed === "fastest" ? 65_536 : 131_072,
    mayWorkInJobs: true,
    window: (capacity) => createWindow({ speed, revision }, capacity),
    finder: (window, options) => createFinder({ speed, revision }, window, options),
  };
}
