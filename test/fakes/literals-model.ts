import type { ColumnReader, ColumnWriter } from "../../src/recompress/columns.ts";
import type {
  ProduceRange,
  TokenModel,
  TokenPredictor,
  TokenProducer,
  TokenRestart,
} from "../../src/recompress/gzip/token-model.ts";

/** What a {@link literalsModel} went through. */
export interface LiteralsModelLog {
  /** Plain bytes that its predictors took. */
  takenBytes: number;
  /** Predictors that were made, and those that were told the member's end. */
  made: number;
  ended: number;
}

/**
 * A model of an encoder that never writes a match: it foresees all that Huffman-only encoders write, and
 * notes every match.
 *
 * @param log counts what happens
 */
export function literalsModel(log?: LiteralsModelLog): TokenModel {
  return {
    sizeUnit: "tokens",
    treeRules: ["zlib"],
    predictor: (corrections): TokenPredictor => new LiteralsPredictor(corrections, log),
    producer: (corrections, restart): TokenProducer => new LiteralsProducer(corrections, restart),
  };
}

class LiteralsPredictor implements TokenPredictor {
  corrections = 0;
  readonly restarts: (TokenRestart | undefined)[] = [];
  readonly #column: ColumnWriter;
  readonly #log: LiteralsModelLog;
  #sinceLast = 0;

  constructor(column: ColumnWriter, log: LiteralsModelLog = { takenBytes: 0, made: 0, ended: 0 }) {
    this.#column = column;
    this.#log = log;
    log.made++;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#log.takenBytes += plain.length;
    for (const token of tokens ?? []) {
      if (token < 256) this.#sinceLast++;
      else this.#note(token);
    }
  }

  end(): void {
    this.#log.ended++;
  }

  mark(): void {
    this.restarts.push({ historyBytes: 0, state: [this.#column.sizeBytes, this.#sinceLast] });
  }

  #note(match: number): void {
    this.corrections++;
    this.#column.number(this.#sinceLast);
    this.#column.number(match);
    this.#sinceLast = 0;
  }
}

const CAPACITY_BYTES = 131_072;

class LiteralsProducer implements TokenProducer {
  position = 0;
  readonly #column: ColumnReader;
  readonly #plain = new Uint8Array(CAPACITY_BYTES);
  #start = 0;
  #end = 0;
  /** Literals before the next match. */
  #literals: number;
  #match: number | undefined;

  constructor(column: ColumnReader, restart: TokenRestart | undefined) {
    this.#column = column;
    if (restart !== undefined) column.raw(restart.state[0] ?? 0);
    this.#literals = this.#nextRun() - (restart?.state[1] ?? 0);
  }

  get free(): number {
    return CAPACITY_BYTES - (this.#end - this.#start);
  }

  take(plain: Uint8Array): void {
    this.#plain.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#plain.set(plain, this.#end);
    this.#end += plain.length;
  }

  end(): void {}

  produce(tokens: Uint32Array, range: ProduceRange): number {
    let index = range.from;
    while (index < range.to && this.position < range.untilByte) {
      const length = this.#put(tokens, index);
      if (length === 0) break;
      index++;
      this.#start += length;
      this.position += length;
    }
    return index;
  }

  pass(untilByte: number): void {
    const count = Math.max(0, Math.min(untilByte - this.position, this.#end - this.#start));
    this.#start += count;
    this.position += count;
  }

  /** @returns the token's length, or 0 when its bytes are not there yet. */
  #put(tokens: Uint32Array, index: number): number {
    if (this.#literals > 0) {
      if (this.#start >= this.#end) return 0;
      this.#literals--;
      tokens[index] = this.#plain[this.#start] ?? 0;
      return 1;
    }
    this.#match ??= this.#column.number();
    const match = this.#match;
    if (match >>> 16 > this.#end - this.#start) return 0;
    this.#match = undefined;
    this.#literals = this.#nextRun();
    tokens[index] = match;
    return match >>> 16;
  }

  #nextRun(): number {
    return this.#column.isAtEnd ? Infinity : this.#column.number();
  }
}
