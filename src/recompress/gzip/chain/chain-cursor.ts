import { RecipeError } from "../../recipe-error.ts";
import { NO_FRAMING } from "../framing.ts";
import type { Framing } from "../framing.ts";
import type { ChainEngine, PendingMatch } from "./chain-engine.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/** Smaller blocks than any tool makes are taken as none: a fresh encoder for each would cost too much. */
const SMALLEST_BLOCK_BYTES = 16 * 1024;

/** Beyond every window position. */
const FARTHEST_POSITION = 2 ** 30;

/** Where, and in which state, an engine can be taken up without what came long before. */
export interface ChainPlace {
  /** Plain bytes before the place that the engine needs. */
  readonly historyBytes: number;
  /** How many of them, from the first on, are the dictionary of the encoder's block. */
  readonly dictionaryBytes: number;
  /** Bytes of the encoder's input before the history. */
  readonly bytesBefore: number;
  /** Bytes from the place to the end of the framing's block; 0 when there are no blocks. */
  readonly blockRest: number;
  readonly pending: PendingMatch;
}

/**
 * Leads an engine through a member: counts bytes from the member's start, or from the place where it is
 * taken up, begins a fresh encoder at each of the framing's blocks, and keeps the window from overflowing.
 */
export class ChainCursor {
  readonly engine: ChainEngine;
  readonly #framing: Framing;
  /** What must be added to the window's positions to count from the start. */
  #offset: number;
  /** Where the encoder's input begins, its dictionary included. */
  #inputStart = 0;
  #dictionaryBytes = 0;
  #blockEnd = Infinity;
  #isEnded = false;
  /** Where the engine is still to be brought to. */
  #place: ChainPlace | undefined;
  #hasBegun = false;

  /**
   * @param engine any that is idle
   * @param place begins there; its history must be appended first, and counts as before byte 0
   */
  constructor(engine: ChainEngine, framing: Framing, place?: ChainPlace) {
    this.engine = engine;
    this.#framing = usable(framing);
    if (this.#framing.kind === "blocks")
      this.#blockEnd = place?.blockRest ?? this.#framing.blockBytes;
    const start = engine.window.end;
    this.#offset = -start - (place?.historyBytes ?? 0);
    this.#place = place;
    engine.begin({ from: start, at: start, bytesBefore: 0, isDictionary: false });
    this.makeRoom();
  }

  /** The next token's place. Below 0 while the history is worked through. */
  get position(): number {
    return this.engine.position + this.#offset;
  }

  /** The position after the last byte appended. */
  get end(): number {
    return this.engine.window.end + this.#offset;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @param bytes at most as many as the window has free */
  append(bytes: Uint8Array): void {
    this.engine.window.append(bytes);
  }

  /** No bytes follow. */
  finish(): void {
    this.#isEnded = true;
  }

  /**
   * Tells the engine what it may look at.
   *
   * @returns whether it can choose the next token.
   */
  prepare(): boolean {
    if (this.#place !== undefined && !this.#isBroughtTo(this.#place)) return false;
    if (this.position >= this.#blockEnd) this.#beginBlock();
    return this.#supply();
  }

  /**
   * Passes over bytes of stored blocks, for which the encoder chose tokens that nobody sees.
   *
   * @param until where they end, so far as is known. A match that would reach beyond waits: either more
   * bytes turn out to be stored, or {@link cutAt} says that there are none.
   * @returns whether more bytes must be appended first.
   */
  pass(until: number): "there" | "waiting-for-bytes" | "waiting-for-cut" {
    while (this.position < until) {
      if (!this.prepare()) return "waiting-for-bytes";
      const count = this.engine.pass(until - this.#offset);
      if (count === 0 && this.engine.canChoose) return "waiting-for-cut";
    }
    return "there";
  }

  /** Lets the engine choose no token that begins at `position` or beyond. */
  stopAt(position: number): void {
    this.engine.until = Math.min(position - this.#offset, FARTHEST_POSITION);
  }

  /** Cuts a match that would reach beyond `position`: the bytes up to there become literals. */
  cutAt(position: number): void {
    while (this.position < position) this.engine.force(0);
  }

  /** Slides the window when half of it is in use. */
  makeRoom(): void {
    const { engine } = this;
    if (engine.window.free > engine.window.capacity / 2) return;
    const spare = engine.position - engine.historyBytes - 2 * LONGEST_MATCH;
    const by = Math.floor(spare / WINDOW_BYTES) * WINDOW_BYTES;
    if (by <= 0) return;
    engine.slide(by);
    this.#offset += by;
  }

  /** @returns bytes of the last `size` before the position, and all after it: a view. */
  bytesFrom(size: number): Uint8Array {
    const { window, position } = this.engine;
    return window.bytes.subarray(position - size, window.end);
  }

  /** Where the engine is. Call when {@link prepare} has said yes. */
  place(): ChainPlace {
    const { engine, position } = this;
    const input = position - this.#inputStart;
    const isFromStart = input <= Math.max(engine.warmUpBytes, this.#dictionaryBytes);
    const historyBytes = isFromStart ? input : Math.min(engine.historyBytes, input);
    return {
      historyBytes,
      dictionaryBytes: isFromStart ? this.#dictionaryBytes : 0,
      bytesBefore: input - historyBytes,
      blockRest: this.#blockEnd === Infinity ? 0 : this.#blockEnd - position,
      pending: engine.pending,
    };
  }

  #supply(): boolean {
    const { engine } = this;
    const blockEnd = this.#blockEnd - this.#offset;
    const isBlockWhole = blockEnd <= engine.window.end;
    engine.supply(isBlockWhole ? blockEnd : engine.window.end, isBlockWhole || this.#isEnded);
    return engine.canChoose;
  }

  #beginBlock(): void {
    if (this.#framing.kind === "none") return;
    const { blockBytes, historyBytes } = this.#framing;
    while (this.#blockEnd <= this.position) this.#blockEnd += blockBytes;
    const known = Math.min(historyBytes, WINDOW_BYTES);
    this.#inputStart = Math.max(this.#inputStart, this.#blockEnd - blockBytes - known);
    this.#dictionaryBytes = this.position - this.#inputStart;
    this.engine.begin({
      from: this.engine.position - this.#dictionaryBytes,
      at: this.engine.position,
      bytesBefore: 0,
      isDictionary: this.#dictionaryBytes > 0,
    });
  }

  #isBroughtTo(place: ChainPlace): boolean {
    if (!this.#hasBegun) {
      if (this.end < 0) return this.#failAtEnd();
      this.#beginAt(place);
    }
    this.#supply();
    while (this.position < 0 && this.engine.canChoose) {
      const count = this.engine.pass(-this.#offset);
      if (count === 0) this.cutAt(0);
    }
    if (!this.engine.canChoose) return false;
    if (place.pending.length > this.end) throw new RecipeError("a restart's match is too long");
    this.engine.takeUp(place.pending);
    this.#place = undefined;
    return true;
  }

  #beginAt(place: ChainPlace): void {
    const { historyBytes, dictionaryBytes, bytesBefore } = place;
    const from = -this.#offset - historyBytes;
    const entered = this.engine.warmUpBytes === 0 ? historyBytes : dictionaryBytes;
    this.#inputStart = -historyBytes - bytesBefore;
    this.#dictionaryBytes = dictionaryBytes;
    this.engine.begin({
      from,
      at: from + entered,
      bytesBefore,
      isDictionary: dictionaryBytes > 0,
    });
    this.#hasBegun = true;
  }

  #failAtEnd(): false {
    if (this.#isEnded) throw new RecipeError("the history before a restart is missing");
    return false;
  }
}

function usable(framing: Framing): Framing {
  if (framing.kind === "none" || framing.blockBytes < SMALLEST_BLOCK_BYTES) return NO_FRAMING;
  return framing;
}
