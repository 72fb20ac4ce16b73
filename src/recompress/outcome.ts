import type { Recipe } from "./recipe.ts";

/** Why a stream is kept as it is. The text says it to a person, after "raw, because ". */
export interface RawReason {
  readonly kind:
    | "not-compressed" // neither gzip nor zstd
    | "broken" // ends early, or is no valid stream
    | "unknown-encoder" // the recipe would be too large a share of the stream
    | "unsupported" // valid, but with something that no recipe can say (a dictionary, say)
    | "too-large-a-block"; // a block that could not be rebuilt within bounded memory
  readonly text: string;
}

/** What came of reading a compressed stream to its end, or to where it was given up. */
export type Outcome =
  | { readonly kind: "exact"; readonly recipe: Recipe; readonly findings: Findings }
  | { readonly kind: "raw"; readonly reason: RawReason };

/** What a person wants to know of a stream that has a recipe. */
export interface Findings {
  /** Who wrote it, as the table of engines names it. */
  readonly encoder: string;
  /** The encoder's own name of its level or speed: `6`, `best`. */
  readonly level: string;
  /** How the stream is cut: `one member`, `blocks of 1 MiB (pgzip)`, `13,661 frames (zstd:chunked)`. */
  readonly framing: string;
  /** Decisions that the model did not foresee. 0 for every encoder that has a model. */
  readonly corrections: number;
  readonly streamBytes: number;
  readonly plainBytes: number;
  /**
   * Why clients refuse the stream, although it can be decoded and rebuilt: a wrong checksum, or something
   * behind its end. Said after "do not ship it: ".
   */
  readonly damage: string | undefined;
}
