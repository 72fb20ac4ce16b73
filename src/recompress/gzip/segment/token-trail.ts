import {
  SEGMENT_BYTES,
  type Guide,
  type SegmentSpan,
  type SegmentTrail,
} from "./segment-engine.ts";

const FREE = 0;
const FOLLOW = 1;
const REPLAY = 2;

const LONGEST_MATCH = 258;
const SHORTEST_MATCH = 3;
const NO_FIX = 0xffffffff;

/**
 * Takes an engine's choices, sets what the encoder really chose against them, and tells the engine.
 *
 * An engine is overruled when a token that begins with its match, or reaches into it, is another one.
 * It then goes on behind that token.
 */
export class TokenTrail implements SegmentTrail {
  readonly tokens: Uint32Array = new Uint32Array(SEGMENT_BYTES + 1);
  readonly #bytes: Uint8Array;
  count = 0;
  at = 0;
  /** Where the last match ended, or the segment began. */
  since = 0;
  /** The token that overruled the last match. */
  forced = 0;
  fixes: readonly number[] = [];
  #mode = FREE;
  #wanted: Uint32Array = this.tokens;
  #noted: number[] = [];
  #fixAt = 0;
  #fixIndex = NO_FIX;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isSettled(): boolean {
    return this.#fixIndex === NO_FIX;
  }

  begin(span: SegmentSpan, guide: Guide): void {
    this.count = 0;
    this.at = span.start;
    this.since = span.start;
    this.#fixAt = 0;
    this.#fixIndex = NO_FIX;
    this.#noted = [];
    this.fixes = guide.kind === "replay" ? guide.fixes : this.#noted;
    this.#mode = guide.kind === "free" ? FREE : guide.kind === "follow" ? FOLLOW : REPLAY;
    if (guide.kind === "follow") this.#wanted = guide.tokens;
    if (guide.kind === "replay") this.#fixIndex = guide.fixes[0] ?? NO_FIX;
  }

  /**
   * Literals up to `start`, then the match, in as many tokens as it takes.
   *
   * @param start where the match begins, not before `at`
   * @param distance how far back it lies
   * @returns whether that is what the encoder chose; otherwise `forced` is the last token and `at` its end
   */
  match(start: number, distance: number, length: number): boolean {
    this.literals(start);
    if (this.at > start) return false;
    let rest = length;
    while (rest > 0) {
      const piece = pieceOf(rest);
      rest -= piece;
      if (!this.#piece(piece, (piece << 16) | distance)) return false;
    }
    return true;
  }

  /** Literals up to `end`. A match that the encoder chose instead may lead beyond it. */
  literals(end: number): void {
    if (this.#mode === FOLLOW) this.#followLiterals(end);
    else if (this.#fixIndex - this.count < end - this.at) this.#replayLiterals(end);
    else this.#writeLiterals(end);
  }

  #writeLiterals(end: number): void {
    const { tokens } = this;
    const bytes = this.#bytes;
    let count = this.count;
    for (let here = this.at; here < end; here++) tokens[count++] = bytes[here] ?? 0;
    if (end > this.at) this.at = end;
    this.count = count;
  }

  #followLiterals(end: number): void {
    const wanted = this.#wanted;
    while (this.at < end) {
      let here = this.at;
      let count = this.count;
      while (here < end && (wanted[count] ?? 0) < 256) {
        here++;
        count++;
      }
      this.at = here;
      this.count = count;
      if (here < end) this.#force(wanted[count] ?? 0);
    }
  }

  #replayLiterals(end: number): void {
    while (this.at < end) {
      if (this.count === this.#fixIndex) this.#force(this.#fix());
      else this.tokens[this.count++] = this.#bytes[this.at++] ?? 0;
    }
  }

  #piece(length: number, token: number): boolean {
    if (this.#mode === FOLLOW) {
      const wanted = this.#wanted[this.count] ?? 0;
      if (wanted !== token) return this.#force(wanted);
    } else {
      if (this.count === this.#fixIndex) return this.#force(this.#fix());
      this.tokens[this.count] = token;
    }
    this.count++;
    this.at += length;
    this.since = this.at;
    return true;
  }

  /** The encoder chose this token. */
  #force(token: number): false {
    if (this.#mode === FOLLOW) this.#noted.push(this.count, token);
    this.tokens[this.count++] = token;
    this.forced = token;
    this.at += token < 256 ? 1 : token >>> 16;
    if (token > 255) this.since = this.at;
    return false;
  }

  /** The next fix, for which any literal stands for the byte that is there. */
  #fix(): number {
    const token = this.fixes[this.#fixAt + 1] ?? 0;
    this.#fixAt += 2;
    this.#fixIndex = this.fixes[this.#fixAt] ?? NO_FIX;
    return token < 256 ? (this.#bytes[this.at] ?? 0) : token;
  }
}

/** How much of a match of `length` goes into its first token, so that what is left is none or a match. */
function pieceOf(length: number): number {
  if (length <= LONGEST_MATCH) return length;
  return length > LONGEST_MATCH + SHORTEST_MATCH ? LONGEST_MATCH : LONGEST_MATCH - SHORTEST_MATCH;
}
