import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import { readGzipColumns } from "./gzip-columns.ts";
import type { Recipe } from "../recipe.ts";
import type { TokenRestart } from "./token-model.ts";

const MOST_STATE_NUMBERS = 16;
const LARGEST_HISTORY_BYTES = 1024 * 1024;
/** More than a stream of 256 GiB has. */
const MOST_RESTARTS = 65_536;

/** What a record's flags say: which of these it does not share with the one before. */
const HAS_MEMBER = 1;
const HAS_TOKENS = 2;
const HAS_SHAPE = 4;
const ALL_FLAGS = 7;

/** A place in a gzip stream where a rebuild can begin: a member's header, or a block's first bit. */
export interface GzipRestart {
  /** The member's number, from 0. */
  readonly member: number;
  /** Blocks of the member before the place; a foretold one and the mark behind it count as one. */
  readonly block: number;
  /** Plain bytes of the whole stream before the place. */
  readonly plainByte: number;
  /** Plain bytes of the member before the place. */
  readonly memberByte: number;
  /** The byte of the stream in which the place is. */
  readonly streamByte: number;
  /** Bits of that byte, 0 to 7, that belong to what is before the place. */
  readonly streamBit: number;
  /** CRC-32 of the member's plain bytes before the place. */
  readonly crc: number;
  /** What the member's model needs; `undefined` at the member's header, where it needs nothing. */
  readonly tokens: TokenRestart | undefined;
}

/** Where every stream begins. */
export const STREAM_START: GzipRestart = {
  member: 0,
  block: 0,
  plainByte: 0,
  memberByte: 0,
  streamByte: 0,
  streamBit: 0,
  crc: 0,
  tokens: undefined,
};

/** What the states of one model have in common. */
interface StateShape {
  readonly historyBytes: number;
  /** How many numbers a state has. */
  readonly size: number;
}

const NO_SHAPE: StateShape = { historyBytes: 0, size: 0 };

/**
 * Writes restarts in the order of their places, each as its distance from the one before: flags, then
 * the member when it is another one, blocks, plain bytes, bytes and bits of the stream, the CRC-32, and
 * the model's state. A number of the state is written as itself plus 1, or as 0 when it says where the
 * history begins, as many do.
 */
export class GzipRestartsWriter {
  readonly #column: ColumnWriter;
  #last = STREAM_START;
  #shape = NO_SHAPE;

  /** @param column `restarts` */
  constructor(column: ColumnWriter) {
    this.#column = column;
  }

  restart(restart: GzipRestart): void {
    const column = this.#column;
    const last = this.#last;
    const shape = restart.tokens === undefined ? this.#shape : shapeOf(restart.tokens);
    const flags =
      (restart.member === last.member ? 0 : HAS_MEMBER) |
      (restart.tokens === undefined ? 0 : HAS_TOKENS) |
      (isSameShape(shape, this.#shape) ? 0 : HAS_SHAPE);
    column.number(flags);
    if ((flags & HAS_MEMBER) !== 0) {
      column.number(restart.member - last.member);
      column.number(restart.plainByte - restart.memberByte);
    }
    column.number(restart.block - (restart.member === last.member ? last.block : 0));
    column.number(restart.plainByte - last.plainByte);
    column.number(restart.streamByte - last.streamByte);
    column.number(restart.streamBit);
    column.raw(littleEndian(restart.crc));
    if ((flags & HAS_SHAPE) !== 0) {
      column.number(shape.historyBytes);
      column.number(shape.size);
    }
    this.#writeState(restart);
    this.#last = restart;
    this.#shape = shape;
  }

  #writeState({ memberByte, tokens }: GzipRestart): void {
    if (tokens === undefined) return;
    const historyStart = memberByte - tokens.historyBytes;
    for (const value of tokens.state) this.#column.number(value === historyStart ? 0 : value + 1);
  }
}

/**
 * @returns every place where a rebuild can begin, in order; the stream's own start is not among them.
 * @throws {RecipeError} when the recipe's restarts make no sense.
 */
export function gzipRestarts(recipe: Recipe): readonly GzipRestart[] {
  const reader = new RestartsReader(readGzipColumns(recipe).restarts);
  const restarts: GzipRestart[] = [];
  for (let restart = reader.next(); restart !== undefined; restart = reader.next()) {
    if (restart.plainByte > recipe.plainBytes || restart.streamByte >= recipe.streamBytes) {
      throw new RecipeError("the recipe has a restart beyond the stream's end");
    }
    if (restarts.length >= MOST_RESTARTS) throw new RecipeError("the recipe has too many restarts");
    restarts.push(restart);
  }
  return restarts;
}

class RestartsReader {
  readonly #column: ColumnReader;
  #last = STREAM_START;
  #shape = NO_SHAPE;

  constructor(column: ColumnReader) {
    this.#column = column;
  }

  /** @returns `undefined` after the last one. */
  next(): GzipRestart | undefined {
    const column = this.#column;
    if (column.isAtEnd) return undefined;
    const flags = column.numberUpTo(ALL_FLAGS);
    const last = this.#last;
    const isSameMember = (flags & HAS_MEMBER) === 0;
    const member = last.member + (isSameMember ? 0 : column.number());
    const memberStart = isSameMember ? last.plainByte - last.memberByte : column.number();
    const block = (isSameMember ? last.block : 0) + column.number();
    const plainByte = last.plainByte + column.number();
    if (memberStart > plainByte) throw new RecipeError("a restart lies before its member");
    const memberByte = plainByte - memberStart;
    const streamByte = last.streamByte + column.number();
    const streamBit = column.numberUpTo(7);
    const crc = fromLittleEndian(column.raw(4));
    if ((flags & HAS_SHAPE) !== 0) this.#readShape();
    const tokens = (flags & HAS_TOKENS) === 0 ? undefined : this.#readState(memberByte);
    this.#last = { member, block, plainByte, memberByte, streamByte, streamBit, crc, tokens };
    return this.#last;
  }

  #readShape(): void {
    const historyBytes = this.#column.numberUpTo(LARGEST_HISTORY_BYTES);
    this.#shape = { historyBytes, size: this.#column.numberUpTo(MOST_STATE_NUMBERS) };
  }

  #readState(memberByte: number): TokenRestart {
    const { historyBytes, size } = this.#shape;
    const historyStart = memberByte - historyBytes;
    if (historyStart < 0) throw new RecipeError("a restart asks for more than there is before it");
    const state = Array.from({ length: size }, () => {
      const value = this.#column.number();
      return value === 0 ? historyStart : value - 1;
    });
    return { historyBytes, state };
  }
}

function shapeOf({ historyBytes, state }: TokenRestart): StateShape {
  return { historyBytes, size: state.length };
}

function isSameShape(one: StateShape, other: StateShape): boolean {
  return one.historyBytes === other.historyBytes && one.size === other.size;
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}
