import type { PlainWindow } from "../plain-window.ts";
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
  /** @returns a finder with empty tables that reads `window` */
  finder(window: PlainWindow, options: FinderOptions): SequenceFinder;
}

/** Every engine, likeliest first. A new one is a new row; nothing else needs to know. */
export const ZSTD_ENGINES: readonly ZstdEngine[] = [];
