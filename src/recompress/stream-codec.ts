import type { Outcome } from "./outcome.ts";

/** Reads a compressed stream, hands on its plain bytes, and finds its recipe. */
export interface StreamAnalyser {
  /**
   * Takes the next bytes of the stream, however they are cut.
   * @returns `false` once nothing more is needed: the stream is raw.
   */
  write(bytes: Uint8Array): boolean;
  /** The stream has ended, or the caller has. Call once. */
  end(): Outcome;
}

/** Writes a compressed stream again. */
export interface StreamRebuilder {
  /**
   * Takes the next plain bytes, however they are cut.
   * @throws {RecipeError} when the recipe is damaged, or is not for these bytes.
   */
  write(plain: Uint8Array): void;
  /** The plain bytes have ended. Call once. @throws {RecipeError} as `write`. */
  end(): void;
}

/** Borrowed for the call: whoever wants to keep the bytes copies them. */
export type TakeBytes = (bytes: Uint8Array) => void;
