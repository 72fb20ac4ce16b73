import type { Framing } from "./framing.ts";
import type { TokenModel } from "./token-model.ts";

/** One encoder at one level, whose choices can be made again. */
export interface GzipEngine {
  /** Stands in recipes: a promise for ever. Never changed, never used again. */
  readonly id: number;
  /** Whose it is: `zlib`, `Go <= 1.26`, `klauspost, Go >= 1.27`. */
  readonly encoder: string;
  /** The encoder's own name of the level: `6`. */
  readonly level: string;
  model(framing: Framing): TokenModel;
}

/** Every engine. A new one is a new row; nothing else needs to know. */
export const GZIP_ENGINES: readonly GzipEngine[] = [];
