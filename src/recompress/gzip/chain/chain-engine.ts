import type { PlainWindow } from "../../plain-window.ts";
import type { ChainStart } from "./chain-matcher.ts";

/** What an engine's window holds: history, bytes ahead, and room enough to slide seldom. */
export const CHAIN_WINDOW_BYTES = 1024 * 1024;

/** What an engine knows of the match that it has in hand but not yet chosen. */
export interface PendingMatch {
  /** 0 when there was none; -1 when nothing was looked for yet. */
  readonly length: number;
  readonly distance: number;
}

/**
 * Chooses tokens as a hash-chain encoder does. It knows nothing of corrections, blocks or recipes.
 *
 * The engine looks at the bytes of its window up to {@link supply}'s end, and chooses only what more bytes
 * could not change. All positions are the window's. A token is as `token-model.ts` says.
 */
export interface ChainEngine {
  readonly window: PlainWindow;
  /** Where the next token begins. */
  readonly position: number;
  /** The bytes before a place that the engine must run over to come into the state it had there; 0 if none. */
  readonly warmUpBytes: number;
  /** The bytes before its position that it may still look at, or must have to be taken up again. */
  readonly historyBytes: number;
  /** Whether the bytes supplied are enough to choose the next token. */
  readonly canChoose: boolean;
  /** No token is chosen that begins here or beyond. */
  until: number;
  /** A fresh encoder. */
  begin(start: ChainStart): void;
  /**
   * @param end the position after the last byte of the encoder's input known so far
   * @param isLast whether the input ends there
   */
  supply(end: number, isLast: boolean): void;
  /**
   * Follows the tokens as long as they are those that the encoder chooses.
   *
   * @returns the index of the first that is not, or where it stopped for want of bytes, or `to`. It is a
   * wrong token if `canChoose` is true.
   */
  follow(tokens: Uint32Array, from: number, to: number): number;
  /** Chooses tokens into `tokens`. @returns the index after the last one. */
  produce(tokens: Uint32Array, from: number, to: number): number;
  /**
   * Chooses tokens that nobody sees, up to `until`, and stops before a match that would reach beyond.
   *
   * @returns how many.
   */
  pass(until: number): number;
  /**
   * Chooses the next token and keeps it to itself, to be overruled by {@link force}.
   *
   * @returns whether there were bytes enough.
   */
  consider(): boolean;
  /**
   * Goes on as if the encoder had chosen this token. Its bytes must be in the window. What the engine has
   * done in order to choose another stays done, so it has to have chosen.
   */
  force(token: number): void;
  /** Lowers all positions by `by`, a multiple of 32768; the window's too. */
  slide(by: number): void;
  /** The match in hand, for {@link takeUp}. */
  readonly pending: PendingMatch;
  /** Gives an engine that begins in the midst of a stream the match it had in hand. */
  takeUp(pending: PendingMatch): void;
  /** @returns whether both will choose the same from here on, whatever follows. */
  isAlike(other: this): boolean;
}
