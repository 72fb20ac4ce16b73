import type { ColumnReader, ColumnWriter } from "../../src/recompress/columns.ts";
import { RecipeError } from "../../src/recompress/recipe-error.ts";
import type {
  ProduceRange,
  TokenModel,
  TokenPredictor,
  TokenProducer,
  TokenRestart,
  TreeRule,
} from "../../src/recompress/gzip/token-model.ts";

/** How many plain bytes the producer wants to see before it chooses, as real encoders do. */
const LOOKAHEAD_BYTES = 258;

export interface NotedTokenModelOptions {
  readonly sizeUnit: TokenModel["sizeUnit"];
  readonly treeRules: readonly TreeRule[];
  /** Plain bytes that the producer can hold before some must be produced. */
  readonly capacity?: number;
  /** Plain bytes that a restart asks for. */
  readonly historyBytes?: number;
}

/** A model that foresees nothing: it notes every token (0 for a literal) and says them again. */
export class NotedTokenModel implements TokenModel {
  readonly sizeUnit: TokenModel["sizeUnit"];
  readonly treeRules: readonly TreeRule[];
  readonly #capacity: number;
  readonly #historyBytes: number;

  constructor(options: NotedTokenModelOptions) {
    this.sizeUnit = options.sizeUnit;
    this.treeRules = options.treeRules;
    this.#capacity = options.capacity ?? 100_000;
    this.#historyBytes = options.historyBytes ?? 1000;
  }

  predictor(corrections: ColumnWriter): TokenPredictor {
    return new NotingPredictor(corrections, this.#historyBytes);
  }

  producer(corrections: ColumnReader, restart?: TokenRestart): TokenProducer {
    return new NotedProducer(corrections, this.#capacity, restart);
  }
}

class NotingPredictor implements TokenPredictor {
  corrections = 0;
  readonly restarts: (TokenRestart | undefined)[] = [];
  readonly #column: ColumnWriter;
  readonly #historyBytes: number;
  #position = 0;

  constructor(column: ColumnWriter, historyBytes: number) {
    this.#column = column;
    this.#historyBytes = historyBytes;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#position += plain.length;
    for (const token of tokens ?? []) {
      this.corrections++;
      this.#column.number(token < 256 ? 0 : token >>> 16);
      if (token >= 256) this.#column.number(token & 0xffff);
    }
  }

  end(): void {}

  mark(): void {
    const historyBytes = Math.min(this.#historyBytes, this.#position);
    this.restarts.push({ historyBytes, state: [this.#column.sizeBytes] });
  }
}

class NotedProducer implements TokenProducer {
  position = 0;
  readonly #column: ColumnReader;
  readonly #plain: Uint8Array;
  #size = 0;
  /** Bytes of `#plain` that tokens stand for. */
  #chosen = 0;
  #historyLeft: number;
  #hasEnded = false;

  constructor(column: ColumnReader, capacity: number, restart: TokenRestart | undefined) {
    this.#column = column;
    this.#plain = new Uint8Array(capacity);
    this.#historyLeft = restart?.historyBytes ?? 0;
    if (restart !== undefined) column.raw(restart.state[0] ?? 0);
  }

  get free(): number {
    return this.#plain.length - this.#left;
  }

  take(plain: Uint8Array): void {
    if (plain.length > this.free) throw new RangeError("more than is free");
    const history = Math.min(this.#historyLeft, plain.length);
    this.#historyLeft -= history;
    this.#plain.copyWithin(0, this.#chosen, this.#size);
    this.#size -= this.#chosen;
    this.#chosen = 0;
    this.#plain.set(plain.subarray(history), this.#size);
    this.#size += plain.length - history;
  }

  end(): void {
    this.#hasEnded = true;
  }

  produce(tokens: Uint32Array, range: ProduceRange): number {
    let index = range.from;
    while (index < range.to && this.position < range.untilByte && this.#canChoose()) {
      const token = this.#next();
      tokens[index++] = token;
      this.#advance(token < 256 ? 1 : token >>> 16);
    }
    return index;
  }

  pass(untilByte: number): void {
    this.#advance(Math.max(0, Math.min(untilByte - this.position, this.#left)));
  }

  get #left(): number {
    return this.#size - this.#chosen;
  }

  #canChoose(): boolean {
    return this.#left > (this.#hasEnded ? 0 : LOOKAHEAD_BYTES);
  }

  #next(): number {
    const length = this.#column.numberUpTo(258);
    if (length === 0) return this.#plain[this.#chosen] ?? 0;
    return (length << 16) | this.#column.numberUpTo(32_768);
  }

  #advance(by: number): void {
    if (by > this.#left) throw new RecipeError("a match goes beyond the plain bytes");
    this.#chosen += by;
    this.position += by;
  }
}
