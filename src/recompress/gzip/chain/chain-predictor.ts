import type { ColumnWriter } from "../../columns.ts";
import type { Framing } from "../framing.ts";
import type { TokenPredictor, TokenRestart } from "../token-model.ts";
import { CorrectionsWriter } from "./chain-corrections.ts";
import { ChainCursor } from "./chain-cursor.ts";
import type { ChainEngine } from "./chain-engine.ts";
import { toTokenRestart } from "./chain-restart.ts";

/** Members can be very short. */
const FIRST_QUEUE_SIZE = 64;
/** What a shadow is given beyond the place it shall prove; more than any engine looks ahead. */
const SHADOW_AHEAD_BYTES = 128 * 1024;

/** What a predictor has taken but not yet followed. */
type Work =
  | { readonly kind: "tokens"; count: number }
  | { readonly kind: "stored"; until: number }
  | { readonly kind: "mark"; readonly index: number };

/** Engines that wait for the next member, so that short members cost no tables. */
export interface EnginePool {
  acquire(): ChainEngine;
  release(engine: ChainEngine): void;
}

/** Follows a member's tokens with an engine and notes those that it would not have chosen. */
export class ChainPredictor implements TokenPredictor {
  readonly restarts: (TokenRestart | undefined)[] = [];
  readonly #pool: EnginePool;
  readonly #framing: Framing;
  readonly #cursor: ChainCursor;
  readonly #corrections: CorrectionsWriter;
  readonly #work: Work[] = [];
  #taken = 0;
  #queue = new Uint32Array(FIRST_QUEUE_SIZE);
  #queueStart = 0;
  #queueEnd = 0;

  constructor(pool: EnginePool, framing: Framing, column: ColumnWriter) {
    this.#pool = pool;
    this.#framing = framing;
    this.#corrections = new CorrectionsWriter(column);
    this.#cursor = new ChainCursor(pool.acquire(), framing);
  }

  get corrections(): number {
    return this.#corrections.count;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#taken += plain.length;
    if (tokens === undefined) this.#addStored();
    else this.#addTokens(tokens);
    for (let at = 0; at < plain.length;) {
      const size = Math.min(plain.length - at, this.#cursor.engine.window.free);
      if (size === 0) throw new Error("the tokens do not stand for the plain bytes");
      this.#cursor.append(plain.subarray(at, at + size));
      at += size;
      this.#follow();
      this.#cursor.makeRoom();
    }
  }

  mark(): void {
    this.#work.push({ kind: "mark", index: this.restarts.length });
    this.restarts.push(undefined);
  }

  end(): void {
    this.#cursor.finish();
    this.#follow();
    this.#pool.release(this.#cursor.engine);
  }

  #addStored(): void {
    const last = this.#lastWork();
    if (last?.kind === "stored") last.until = this.#taken;
    else this.#work.push({ kind: "stored", until: this.#taken });
  }

  #addTokens(tokens: Uint32Array): void {
    this.#reserve(tokens.length);
    this.#queue.set(tokens, this.#queueEnd);
    this.#queueEnd += tokens.length;
    const last = this.#lastWork();
    if (last?.kind === "tokens") last.count += tokens.length;
    else this.#work.push({ kind: "tokens", count: tokens.length });
  }

  #lastWork(): Work | undefined {
    return this.#work.at(-1);
  }

  #reserve(more: number): void {
    const size = this.#queueEnd - this.#queueStart;
    const queue = this.#queue;
    if (size + more > queue.length) this.#queue = new Uint32Array(2 * (size + more));
    this.#queue.set(queue.subarray(this.#queueStart, this.#queueEnd));
    this.#queueStart = 0;
    this.#queueEnd = size;
  }

  #follow(): void {
    for (let work = this.#work[0]; work !== undefined; work = this.#work[0]) {
      if (!this.#isDone(work)) return;
      this.#work.shift();
    }
  }

  #isDone(work: Work): boolean {
    switch (work.kind) {
      case "tokens":
        return this.#followTokens(work);
      case "stored":
        return this.#passStored(work);
      case "mark":
        return this.#tryMark(work);
    }
  }

  #followTokens(work: { count: number }): boolean {
    const cursor = this.#cursor;
    const { engine } = cursor;
    while (work.count > 0) {
      if (!cursor.prepare()) return false;
      const from = this.#queueStart;
      const to = from + work.count;
      let at = engine.follow(this.#queue, from, to);
      this.#corrections.foreseen += at - from;
      if (at < to && engine.canChoose && this.#isCorrected(this.#queue[at] ?? 0)) at++;
      work.count -= at - from;
      this.#queueStart = at;
      if (at === from && engine.canChoose) return false;
    }
    return true;
  }

  /** Notes a token that was not foreseen; not yet if its bytes are not all here. */
  #isCorrected(token: number): boolean {
    const cursor = this.#cursor;
    if (cursor.position + (token >>> 16) > cursor.end) return false;
    this.#corrections.correction(token);
    cursor.engine.force(token);
    return true;
  }

  #passStored(work: { readonly until: number }): boolean {
    const cursor = this.#cursor;
    const state = cursor.pass(work.until);
    if (state !== "waiting-for-cut") return state === "there";
    const index = this.#work.findIndex((one, at) => at > 0 && one.kind !== "mark");
    const next = this.#work[index];
    if (next === undefined) return false;
    if (next.kind === "tokens") cursor.cutAt(work.until);
    // More is stored: the match goes on into it, and no rebuild can begin at the marks between.
    else this.#work.splice(1, index - 1);
    return true;
  }

  #tryMark({ index }: { readonly index: number }): boolean {
    const cursor = this.#cursor;
    if (!cursor.prepare()) return cursor.isEnded;
    const place = cursor.place();
    const shadow = new ChainCursor(this.#pool.acquire(), this.#framing, place);
    const bytes = cursor.bytesFrom(place.historyBytes);
    const isWhole = bytes.length <= place.historyBytes + SHADOW_AHEAD_BYTES;
    shadow.append(isWhole ? bytes : bytes.subarray(0, place.historyBytes + SHADOW_AHEAD_BYTES));
    if (isWhole && cursor.isEnded) shadow.finish();
    if (shadow.prepare() && shadow.position === 0 && cursor.engine.isAlike(shadow.engine)) {
      const { position: column, foreseen } = this.#corrections;
      this.restarts[index] = toTokenRestart({ place, column, foreseen });
    }
    this.#pool.release(shadow.engine);
    return true;
  }
}
