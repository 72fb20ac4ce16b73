import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import { readGzipColumns } from "./gzip-columns.ts";
import type { Recipe } from "../recipe.ts";
import type { TokenRestart } from "./token-model.ts";

const MOST_STATE_NUMBERS = 16;
const LARGEST_HISTORY_BYTES = 1024 * 1024;
const LARGEST_CRC = 0xffffffff;

/** A place in a gzip stream where a rebuild can begin: a member's header, or a block's first bit. */
export interface GzipRestart {
  /** The member's number, from 0. */
  readonly member: number;
  /** Blocks of the member before the place. */
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

/** Writes restarts in the order of their places, each as its distance from the one before. */
export class GzipRestartsWriter {
  readonly #column: ColumnWriter;
  #last = STREAM_START;

  /** @param column `restarts` */
  constructor(column: ColumnWriter) {
    this.#column = column;
  }

  restart(restart: GzipRestart): void {
    const column = this.#column;
    const last = this.#last;
    column.number(restart.member - last.member);
    column.number(restart.block - (restart.member === last.member ? last.block : 0));
    column.number(restart.plainByte - last.plainByte);
    column.number(restart.plainByte - restart.memberByte);
    column.number(restart.streamByte - last.streamByte);
    column.number(restart.streamBit);
    column.number(restart.crc);
    column.number(restart.tokens === undefined ? 0 : restart.tokens.state.length + 1);
    if (restart.tokens !== undefined) writeTokenRestart(column, restart.tokens);
    this.#last = restart;
  }
}

/**
 * @returns every place where a rebuild can begin, in order; the stream's own start is not among them.
 * @throws {RecipeError} when the recipe's restarts make no sense.
 */
export function gzipRestarts(recipe: Recipe): readonly GzipRestart[] {
  const column = readGzipColumns(recipe).restarts;
  const restarts: GzipRestart[] = [];
  let last = STREAM_START;
  while (!column.isAtEnd) {
    last = readRestart(column, last);
    if (last.plainByte > recipe.plainBytes || last.streamByte >= recipe.streamBytes) {
      throw new RecipeError("the recipe has a restart beyond the stream's end");
    }
    restarts.push(last);
  }
  return restarts;
}

function writeTokenRestart(column: ColumnWriter, restart: TokenRestart): void {
  column.number(restart.historyBytes);
  for (const value of restart.state) column.number(value);
}

function readRestart(column: ColumnReader, last: GzipRestart): GzipRestart {
  const member = last.member + column.number();
  const block = (member === last.member ? last.block : 0) + column.number();
  const plainByte = last.plainByte + column.number();
  const memberByte = plainByte - column.numberUpTo(plainByte);
  const streamByte = last.streamByte + column.number();
  const streamBit = column.numberUpTo(7);
  const crc = column.numberUpTo(LARGEST_CRC);
  const tokens = readTokenRestart(column, memberByte);
  return { member, block, plainByte, memberByte, streamByte, streamBit, crc, tokens };
}

function readTokenRestart(column: ColumnReader, memberByte: number): TokenRestart | undefined {
  const stateSize = column.numberUpTo(MOST_STATE_NUMBERS + 1) - 1;
  if (stateSize < 0) return undefined;
  const historyBytes = column.numberUpTo(Math.min(LARGEST_HISTORY_BYTES, memberByte));
  const state = Array.from({ length: stateSize }, () => column.number());
  return { historyBytes, state };
}
