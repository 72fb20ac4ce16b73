import type { PlainWindow } from "../../plain-window.ts";
import type { ChainStart } from "./chain-matcher.ts";
import { bytesInMemory, MEMORY_BYTES } from "./encoder-memory.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/** With fewer bytes ahead GNU gzip asks for more of the input. */
const LOOKAHEAD_BYTES = LONGEST_MATCH + 4;
const ZEROS_AT_END = 2;
/** The last place in memory at which it searches. */
const LAST_SEARCHED = MEMORY_BYTES - LOOKAHEAD_BYTES;

/**
 * How GNU gzip goes about the end of its input, where it differs from zlib. Found by experiment.
 *
 * It compares beyond the end, with what is in its memory there, and cuts the match only then; so a farther
 * candidate can win. In memory there are zeros, and once the memory has been filled two zeros and then the
 * bytes of half a memory ago. And in the last 261 bytes of its memory it searches no more, if it has learnt of the input's
 * end before it had to drop the older half.
 */
export class GnuEnding {
  readonly #window: PlainWindow;
  readonly #isLazy: boolean;
  /** Where the input and the memory begin; below 0 when that has left the window. */
  #start = 0;
  #memory = 0;
  #end = -1;
  #isLearnt = false;
  #lastSearched = Infinity;

  /** @param isLazy whether the encoder steps on by one byte before it takes a match */
  constructor(window: PlainWindow, isLazy: boolean) {
    this.#window = window;
    this.#isLazy = isLazy;
  }

  begin({ from, bytesBefore }: ChainStart): void {
    this.#start = from - bytesBefore;
    this.#memory = from - bytesInMemory(bytesBefore, LAST_SEARCHED);
    this.#end = -1;
    this.#isLearnt = false;
    this.#lastSearched = Infinity;
  }

  slide(by: number): void {
    this.#start -= by;
    this.#memory -= by;
    this.#end -= by;
    this.#lastSearched -= by;
  }

  /** The input ends here: puts what is in the encoder's memory behind it. */
  finish(end: number): void {
    if (end === this.#end) return;
    this.#end = end;
    const { bytes } = this.#window;
    const filled = this.#start + MEMORY_BYTES;
    bytes.fill(0, end, end + ZEROS_AT_END);
    for (let at = end + ZEROS_AT_END; at < end + LOOKAHEAD_BYTES; at++) {
      bytes[at] = end > filled || at >= filled ? (bytes[at - WINDOW_BYTES] ?? 0) : 0;
    }
  }

  /** @returns whether the encoder searches at `at`. Call for all places with 262 bytes or less ahead. */
  isSearched(at: number): boolean {
    const step = this.#isLazy ? 1 : 0;
    if (!this.#isLearnt && this.#end - at - step < LOOKAHEAD_BYTES) this.#learn(at);
    return at <= this.#lastSearched;
  }

  #learn(at: number): void {
    const steps = this.#isLazy && this.#end - at === LOOKAHEAD_BYTES ? 1 : 0;
    const place = at + steps;
    while (place - this.#memory > LAST_SEARCHED && this.#end - this.#memory > MEMORY_BYTES) {
      this.#memory += WINDOW_BYTES;
    }
    this.#isLearnt = true;
    if (place - this.#memory < LAST_SEARCHED) this.#lastSearched = this.#memory + LAST_SEARCHED;
  }
}
