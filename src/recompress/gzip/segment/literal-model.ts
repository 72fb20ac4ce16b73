import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type {
  ProduceRange,
  TokenModel,
  TokenPredictor,
  TokenProducer,
  TokenRestart,
  TreeRule,
} from "../token-model.ts";

const TREE_RULES: readonly TreeRule[] = ["go", "go-untrimmed"];
/** Bytes that a producer holds at most. */
const HELD_BYTES = 1 << 18;
/** Bytes of corrections before the place, literals since the last of them. */
const STATE_NUMBERS = 2;
/** In place of a match's length: no more matches in this member. */
const END = 0;
const SHORTEST_MATCH = 3;
const LONGEST_MATCH = 258;
const LARGEST_DISTANCE = 32_768;

/**
 * The model of encoders that look for no matches: HuffmanOnly (level -2) of Go and klauspost, and every
 * encoder that only stores.
 *
 * All tokens are literals. A match is a correction: its length, the literals before it, its distance less 1.
 * Stored bytes count as literals.
 */
export function createLiteralModel(): TokenModel {
  return {
    sizeUnit: "bytes",
    treeRules: TREE_RULES,
    predictor: (corrections: ColumnWriter): TokenPredictor => new LiteralPredictor(corrections),
    producer: (corrections: ColumnReader, restart?: TokenRestart): TokenProducer =>
      new LiteralProducer(corrections, restart),
  };
}

class LiteralPredictor implements TokenPredictor {
  readonly restarts: (TokenRestart | undefined)[] = [];
  corrections = 0;
  readonly #column: ColumnWriter;
  readonly #startBytes: number;
  #literals = 0;

  constructor(column: ColumnWriter) {
    this.#column = column;
    this.#startBytes = column.sizeBytes;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    if (tokens === undefined) {
      this.#literals += plain.length;
      return;
    }
    for (const token of tokens) {
      if (token < 256) this.#literals++;
      else this.#match(token);
    }
  }

  end(): void {
    this.#column.number(END);
  }

  mark(): void {
    const sizeBytes = this.#column.sizeBytes - this.#startBytes;
    this.restarts.push({ historyBytes: 0, state: [sizeBytes, this.#literals] });
  }

  #match(token: number): void {
    const column = this.#column;
    column.number(token >>> 16);
    column.number(this.#literals);
    column.number((token & 0xffff) - 1);
    this.#literals = 0;
    this.corrections++;
  }
}

class LiteralProducer implements TokenProducer {
  position = 0;
  readonly #column: ColumnReader;
  readonly #bytes = new Uint8Array(HELD_BYTES);
  #start = 0;
  #end = 0;
  #isEnded = false;
  /** Literals before the next match. */
  #literals = 0;
  #length = END;
  #distance = 0;

  constructor(column: ColumnReader, restart?: TokenRestart) {
    this.#column = column;
    if (restart !== undefined && restart.state.length !== STATE_NUMBERS) {
      throw new RecipeError("a restart is not that of a literal model");
    }
    column.raw(restart?.state[0] ?? 0);
    this.#readMatch();
    const before = restart?.state[1] ?? 0;
    if (before > this.#literals) throw new RecipeError("a correction lies before its restart");
    this.#literals -= before;
  }

  get free(): number {
    return HELD_BYTES - (this.#end - this.#start);
  }

  take(plain: Uint8Array): void {
    if (plain.length > HELD_BYTES - this.#end) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#bytes.set(plain, this.#end);
    this.#end += plain.length;
  }

  end(): void {
    this.#isEnded = true;
    this.#checkEnd();
  }

  produce(tokens: Uint32Array, { from, to, untilByte }: ProduceRange): number {
    let index = from;
    while (index < to && this.position < untilByte) {
      const most = Math.min(untilByte - this.position, to - index);
      const literals = this.#literalsUpTo(most);
      tokens.set(this.#bytes.subarray(this.#start, this.#start + literals), index);
      this.#advance(literals);
      this.#literals -= literals;
      index += literals;
      if (literals === most) continue;
      if (this.#literals > 0 || !this.#isMatchWhole()) break;
      tokens[index++] = (this.#length << 16) | this.#distance;
      this.#advance(this.#length);
      this.#readMatch();
    }
    this.#checkEnd();
    return index;
  }

  pass(untilByte: number): void {
    const bytes = this.#literalsUpTo(untilByte - this.position);
    this.#advance(bytes);
    this.#literals -= bytes;
    if (this.#literals === 0 && this.position < untilByte) {
      throw new RecipeError("a match lies in a stored block");
    }
    this.#checkEnd();
  }

  #literalsUpTo(most: number): number {
    return Math.min(most, this.#literals, this.#end - this.#start);
  }

  #isMatchWhole(): boolean {
    return this.#end - this.#start >= this.#length;
  }

  #advance(bytes: number): void {
    this.#start += bytes;
    this.position += bytes;
  }

  #readMatch(): void {
    this.#length = this.#column.numberUpTo(LONGEST_MATCH);
    if (this.#length === END) {
      this.#literals = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#length < SHORTEST_MATCH) throw new RecipeError("a match is too short");
    this.#literals = this.#column.number();
    this.#distance = this.#column.numberUpTo(LARGEST_DISTANCE - 1) + 1;
  }

  #checkEnd(): void {
    if (!this.#isEnded || this.#length === END) return;
    const left = this.#end - this.#start;
    if (left < this.#literals + this.#length)
      throw new RecipeError("a correction lies beyond the end");
  }
}
