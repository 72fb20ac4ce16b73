/**
 * What stands between deflate's blocks and the models of its encoders.
 *
 * A token is a literal, 0 to 255, or a match, (length << 16) | distance, with a length of 3 to 258 and a
 * distance of 1 to 32768 (RFC 1951 section 3.2.5).
 */
import type { ColumnReader, ColumnWriter } from "../columns.ts";

/** Which of the ways to build Huffman codes from counts an encoder has; see `huffman/`. */
export type TreeRule = "zlib" | "go" | "go-untrimmed";

/** How GNU gzip at some level ends its blocks, see `blocks/gnu-block.ts`. */
export interface GnuBlockRule {
  /** Whether it ends a block early that does well. */
  readonly looksAtGain: boolean;
  /** Whether it steps on by one byte before it takes a match. */
  readonly isLazy: boolean;
}

/** How an encoder chooses tokens. Makes a predictor for each member that is read, a producer to rebuild. */
export interface TokenModel {
  /** What the sizes of Huffman blocks are counted in, for encoders cut by tokens or by bytes of input. */
  readonly sizeUnit: "tokens" | "bytes";
  /** Likeliest first. */
  readonly treeRules: readonly TreeRule[];
  /** Where the encoder ends its blocks, if it can be foretold. */
  readonly blockRule?: GnuBlockRule | undefined;
  /** @param corrections where to note what the model does not foresee */
  predictor(corrections: ColumnWriter): TokenPredictor;
  /**
   * @param corrections what the predictor noted, from the start or as `restart` says
   * @param restart begins there; the producer has then to be given the history first
   */
  producer(corrections: ColumnReader, restart?: TokenRestart): TokenProducer;
}

/** Follows the tokens of one member and notes those that the model would not have chosen. */
export interface TokenPredictor {
  /** Tokens noted so far. Lags behind what was taken by the model's lookahead. */
  readonly corrections: number;
  /**
   * Takes the next stretch, in order: plain bytes and their tokens, or no tokens when the bytes were
   * stored. No token straddles two stretches. The arrays are borrowed for the call.
   */
  take(plain: Uint8Array, tokens: Uint32Array | undefined): void;
  /** The member ends here. Call once. */
  end(): void;
  /**
   * Asks whether a rebuild can begin at the end of what was taken so far: a block's start. The answers
   * come in `restarts`, for those marks only where the model is proved to go on as it did.
   */
  mark(): void;
  /** One entry for each mark, in order; complete after `end`. */
  readonly restarts: readonly (TokenRestart | undefined)[];
}

/** A place where a rebuild can begin without what came long before. */
export interface TokenRestart {
  /** Plain bytes before the place that the producer must be given first. At most 1 MiB. */
  readonly historyBytes: number;
  /** The model's own: integers from 0 to 2^53 - 1, at most 16 of them. */
  readonly state: readonly number[];
}

/** Chooses the tokens of one member again. */
export interface TokenProducer {
  /** How many more plain bytes can be given before some must be produced. */
  readonly free: number;
  /** Takes the next plain bytes, at most `free` of them; they are copied. */
  take(plain: Uint8Array): void;
  /** No plain bytes follow. Call once. */
  end(): void;
  /**
   * Chooses tokens into `tokens`, from index `from` up to index `to`, but none that would begin at or
   * beyond `untilByte`, counted from the member's start (or the restart place).
   *
   * @returns the index after the last one; less than `to` when `untilByte` was reached, or when more
   * plain bytes must be taken first.
   * @throws {RecipeError} when the corrections do not fit.
   */
  produce(tokens: Uint32Array, range: ProduceRange): number;
  /**
   * Passes over a stored block up to byte `untilByte`, for which the encoder chose tokens nobody sees.
   * Call until `position` is there; in between, give more bytes.
   */
  pass(untilByte: number): void;
  /** Plain bytes that the tokens so far stand for, counted from the member's start or restart place. */
  readonly position: number;
}

/** Where a producer puts tokens and where it stops. */
export interface ProduceRange {
  readonly from: number;
  readonly to: number;
  readonly untilByte: number;
}
