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

class LiteralsProducer implements TokenProducer {
  readonly free = 65_536;
  position = 0;
  readonly #column: ColumnReader;
  #plain: number[] = [];
  /** Literals before the next match. */
  #literals: number;

  constructor(column: ColumnReader, restart: TokenRestart | undefined) {
    this.#column = column;
    if (restart !== undefined) column.raw(restart.state[0] ?? 0);
    this.#literals = this.#nextRun() - (restart?.state[1] ?? 0);
  }

  take(plain: Uint8Array): void {
    for (const byte of plain) this.#plain.push(byte);
  }

  end(): void {}

  produce(tokens: Uint32Array, range: ProduceRange): number {
    let at = 0;
    let index = range.from;
    while (index < range.to && this.position < range.untilByte && at < this.#plain.length) {
      const token = this.#literals > 0 ? (this.#plain[at] ?? 0) : this.#match(at);
      if (token < 0) break;
      tokens[index++] = token;
      const length = token < 256 ? 1 : token >>> 16;
      if (token < 256) this.#literals--;
      at += length;
      this.position += length;
    }
    this.#plain = this.#plain.slice(at);
    return index;
  }

  pass(untilByte: number): void {
    const count = Math.max(0, Math.min(untilByte - this.position, this.#plain.length));
    this.#plain = this.#plain.slice(count);
    this.position += count;
  }

  #pendingMatch: number | undefined;

  /** @returns -1 when its bytes are not there yet. */
  #match(at: number): number {
    this.#pendingMatch ??= this.#column.number();
    const match = this.#pendingMatch;
    if (match >>> 16 > this.#plain.length - at) return -1;
    this.#pendingMatch = undefined;
    this.#literals = this.#nextRun();
    return match;
  }

  #nextRun(): number {
    return this.#column.isAtEnd ? Infinity : this.#column.number();
  }
}
