import type { PlainWindow } from "../../plain-window.ts";
import type { ChainStart } from "./chain-matcher.ts";
import { bytesInMemory, MEMORY_BYTES } from "./encoder-memory.ts";
import type { KlauspostMatcher } from "./klauspost-matcher.ts";
import type { LiteralCosts } from "./literal-costs.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/** With fewer bytes ahead the encoder asks for more, if there are. */
const LOOKAHEAD_BYTES = LONGEST_MATCH + 4;
/** How far into its memory the encoder is at least when a call begins after the first one. */
const EARLIEST_CALL = MEMORY_BYTES - LOOKAHEAD_BYTES - WINDOW_BYTES;

/**
 * How the encoder is called: each time its memory of 64 KiB is full, and at the end.
 *
 * It works until less than 262 bytes are ahead, drops the older half of its memory, and waits until that is
 * full again. Where a call ends matters: long runs of literals stop there, and level 9 takes its costs from
 * the bytes that are in memory when a call begins.
 */
export class KlauspostCalls {
  /** The position after the last byte that is known of. */
  sourceEnd = 0;
  readonly #window: PlainWindow;
  readonly #matcher: KlauspostMatcher;
  readonly #costs: LiteralCosts | undefined;
  #isSourceWhole = false;
  #hasBegun = false;
  /** The position after the last byte in the encoder's memory. */
  #end = 0;
  /** Whether the encoder knows that no more bytes will come. */
  #isLast = false;

  constructor(window: PlainWindow, matcher: KlauspostMatcher, costs: LiteralCosts | undefined) {
    this.#window = window;
    this.#matcher = matcher;
    this.#costs = costs;
  }

  begin({ from, at, bytesBefore }: ChainStart): void {
    const before = bytesBefore + at - from;
    this.#matcher.memory = at - bytesInMemory(before, EARLIEST_CALL);
    this.#hasBegun = false;
    this.#isLast = false;
    this.sourceEnd = at;
  }

  supply(end: number, isLast: boolean): void {
    this.sourceEnd = end;
    this.#isSourceWhole = isLast;
  }

  slide(by: number): void {
    this.sourceEnd -= by;
    this.#end -= by;
  }

  /** @returns whether enough is known to make the call in which the encoder looks at `at`. */
  canReach(at: number): boolean {
    if (this.#isReached(at) || this.#isSourceWhole) return true;
    return this.sourceEnd > this.#nextMemory() + MEMORY_BYTES;
  }

  /** Makes the call in which the encoder looks at `at`, if it is not the present one. */
  reach(at: number): boolean {
    if (this.#isReached(at)) return true;
    if (!this.canReach(at)) return false;
    const memory = this.#nextMemory();
    this.#end = Math.min(this.sourceEnd, memory + MEMORY_BYTES);
    this.#isLast = this.sourceEnd === this.#end;
    this.#hasBegun = true;
    this.#matcher.memory = memory;
    this.#matcher.end = this.#end;
    this.#costs?.look(this.#window.bytes.subarray(at, this.#end), at - memory);
    return true;
  }

  isAlike(other: KlauspostCalls, by: number): boolean {
    if (!this.#hasBegun || !other.#hasBegun) return this.#hasBegun === other.#hasBegun;
    if (this.#end !== other.#end + by || this.#isLast !== other.#isLast) return false;
    return this.#costs === undefined || other.#costs === undefined
      ? true
      : this.#costs.isAlike(other.#costs);
  }

  #isReached(at: number): boolean {
    return this.#hasBegun && (this.#isLast || at <= this.#end - LOOKAHEAD_BYTES);
  }

  #nextMemory(): number {
    return this.#matcher.memory + (this.#hasBegun ? WINDOW_BYTES : 0);
  }
}
