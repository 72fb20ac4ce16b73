import type { PlainWindow } from "../plain-window.ts";
import type { FinderModel } from "./finders/finder-model.ts";
import { createFinder, createWindow } from "./finders/finder-table.ts";
import type { EngineMemory } from "../engine-memory.ts";
import type { SequenceFinder } from "./sequence-finder.ts";

/** What a finder has to know of the stream beside its bytes. */
export interface FinderOptions {
  /** How far back a match may reach, in bytes. */
  readonly windowSize: number;
  /** Of encoders that cut a frame into jobs and compress those side by side: bytes of a job. */
  readonly jobBytes?: number;
}

/** One encoder at one speed, whose choices can be made again. */
export interface ZstdEngine {
  /** Stands in recipes: a promise for ever. Never changed, never used again. From 1 up. */
  readonly id: number;
  /** Whose it is, with the versions: `klauspost/compress 1.17.7 and newer`. */
  readonly encoder: string;
  /** The encoder's own name of the speed: `fastest`, `default`, `better`, `best`. */
  readonly level: string;
  /** The window that the encoder takes when nobody asks for another. */
  readonly windowBytes: number;
  /** Plain bytes of a block; only the last one is shorter, as a rule. */
  readonly blockBytes: number;
  /** Whether the encoder can be asked to cut frames into jobs. */
  readonly mayWorkInJobs: boolean;
  /**
   * @param capacity bytes that can be in it at once
   * @param memory where it is from, if there is enough
   * @returns a window on which the engine's finders are fastest, at least three of them at a time
   */
  window(capacity: number, memory?: EngineMemory): PlainWindow;
  /** @returns a finder with empty tables that reads `window` */
  finder(window: PlainWindow, options: FinderOptions): SequenceFinder;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every engine, likeliest first. A new one is a new row; nothing else needs to know. */
export const ZSTD_ENGINES: readonly ZstdEngine[] = [
  klauspost(102, "1.11.13 and newer", { speed: "default", revision: 0 }),
  klauspost(101, "1.14.4 and newer", { speed: "fastest", revision: 0 }),
  klauspost(111, "1.17.8 and newer", { speed: "best", revision: 6 }),
  klauspost(105, "1.17.8 and newer", { speed: "better", revision: 3 }),
  klauspost(113, "1.17.6 to 1.17.7", { speed: "best", revision: 5 }),
  klauspost(110, "1.17.3 to 1.17.5", { speed: "best", revision: 4 }),
  klauspost(109, "1.16.5 to 1.17.2", { speed: "best", revision: 3 }),
  klauspost(108, "1.16.3", { speed: "best", revision: 2 }),
  klauspost(107, "1.15.13 to 1.16.0", { speed: "best", revision: 1 }),
  klauspost(106, "1.15.0 to 1.15.12", { speed: "best", revision: 0 }),
  klauspost(112, "1.17.3 to 1.17.7", { speed: "better", revision: 2 }),
  klauspost(104, "1.15.11 to 1.17.2", { speed: "better", revision: 1 }),
  klauspost(103, "1.12.3 to 1.15.9", { speed: "better", revision: 0 }),
];

/** A revision of a speed of klauspost/compress/zstd: Go's programs, and so most of what writes images. */
function klauspost(id: number, versions: string, model: FinderModel): ZstdEngine {
  return {
    id,
    encoder: `klauspost/compress ${versions}`,
    level: model.speed,
    windowBytes: usualWindow(model),
    blockBytes: model.speed === "fastest" ? 64 * KIB : 128 * KIB,
    // Since 1.19.
    mayWorkInJobs: versions.endsWith("and newer"),
    window: (capacity, memory) => createWindow(model, capacity, memory),
    finder: (window, options) => createFinder(model, window, options),
  };
}

/** 1.17.5 made the windows of the slower speeds smaller; other versions that choose alike had both. */
function usualWindow({ speed, revision }: FinderModel): number {
  switch (speed) {
    case "fastest":
      return 4 * MIB;
    case "default":
      return 8 * MIB;
    case "better":
      return revision < 2 ? 16 * MIB : 8 * MIB;
    case "best":
      return revision < 5 ? 32 * MIB : 8 * MIB;
  }
}
