import type { ColumnReader } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { Framing } from "../framing.ts";
import type { ProduceRange, TokenProducer } from "../token-model.ts";
import { CorrectionsReader } from "./chain-corrections.ts";
import { ChainCursor } from "./chain-cursor.ts";
import type { EnginePool } from "./chain-predictor.ts";
import type { ChainRestart } from "./chain-restart.ts";

/** What a producer reads, and where it begins. */
export interface ProducerSource {
  readonly column: ColumnReader;
  /** `undefined` at the member's start. */
  readonly restart: ChainRestart | undefined;
}

/** Chooses a member's tokens again. */
export class ChainProducer implements TokenProducer {
  readonly #pool: EnginePool;
  readonly #cursor: ChainCursor;
  readonly #corrections: CorrectionsReader;
  /** How far the caller has passed over stored blocks; the engine may wait a match before it. */
  #passed = 0;
  #isReleased = false;

  constructor(pool: EnginePool, framing: Framing, source: ProducerSource) {
    const { column, restart } = source;
    this.#pool = pool;
    this.#corrections = new CorrectionsReader(column);
    this.#corrections.startAt(restart?.column ?? column.position, restart?.foreseen ?? 0);
    this.#cursor = new ChainCursor(pool.acquire(), framing, restart?.place);
  }

  get free(): number {
    return this.#isReleased ? 0 : this.#cursor.engine.window.free;
  }

  get position(): number {
    return this.#isReleased ? this.#passed : Math.max(this.#cursor.position, this.#passed);
  }

  take(plain: Uint8Array): void {
    if (plain.length > this.free) throw new Error("more plain bytes than a producer has room for");
    if (plain.length > 0) this.#cursor.append(plain);
  }

  end(): void {
    this.#cursor.finish();
    this.#tidy();
  }

  produce(tokens: Uint32Array, range: ProduceRange): number {
    const cursor = this.#cursor;
    let index = range.from;
    if (this.#isReleased) return index;
    if (this.#passed > 0) cursor.cutAt(this.#passed);
    while (index < range.to && cursor.position < range.untilByte && cursor.prepare()) {
      const next = this.#choose(tokens, index, range);
      if (next === index && cursor.engine.canChoose) break;
      index = next;
    }
    this.#tidy();
    return index;
  }

  pass(untilByte: number): void {
    if (this.#isReleased) return;
    const state = this.#cursor.pass(untilByte);
    if (state !== "waiting-for-bytes") this.#passed = untilByte;
    this.#tidy();
  }

  /** Chooses some tokens: up to the next correction, or that one. */
  #choose(tokens: Uint32Array, from: number, { to, untilByte }: ProduceRange): number {
    const corrections = this.#corrections;
    if (corrections.foreseen === 0) return this.#correct(tokens, from);
    this.#cursor.stopAt(untilByte);
    const most = Math.min(to, from + corrections.foreseen);
    const next = this.#cursor.engine.produce(tokens, from, most);
    corrections.foreseen -= next - from;
    return next;
  }

  #correct(tokens: Uint32Array, index: number): number {
    const { engine, position, end, isEnded } = this.#cursor;
    const { token } = this.#corrections;
    if (!engine.consider()) return index;
    if (position + (token >>> 16) > end) {
      if (isEnded) throw new RecipeError("a corrected match reaches beyond the end");
      return index;
    }
    tokens[index] = token === 0 ? (engine.window.bytes[engine.position] ?? 0) : token;
    engine.force(token);
    this.#corrections.next();
    return index + 1;
  }

  /** Makes room for more bytes, or gives the engine back when its work is done. */
  #tidy(): void {
    const cursor = this.#cursor;
    if (this.#isReleased) return;
    cursor.makeRoom();
    if (!cursor.isEnded || cursor.position < cursor.end) return;
    this.#passed = this.position;
    this.#isReleased = true;
    this.#pool.release(cursor.engine);
  }
}
