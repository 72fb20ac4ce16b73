import { ColumnReader, ColumnWriter } from "../../../src/recompress/columns.ts";
import type { TokenModel, TokenRestart } from "../../../src/recompress/gzip/token-model.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** A run of blocks of one kind: tokens, or stored bytes. */
export interface Stretch {
  readonly plain: Uint8Array;
  readonly tokens: Uint32Array | undefined;
}

/** What a predictor came to. */
export interface Prediction {
  readonly corrections: number;
  readonly column: Uint8Array;
  readonly restarts: readonly (TokenRestart | undefined)[];
}

/** All bytes of the stretches. */
function plainOf(stretches: readonly Stretch[]): Uint8Array {
  return Buffer.concat(stretches.map(({ plain }) => plain));
}

/** Lets a predictor take the stretches, with a mark before each. */
export function predict(model: TokenModel, stretches: readonly Stretch[]): Prediction {
  const column = new ColumnWriter();
  const predictor = model.predictor(column);
  for (const { plain, tokens } of stretches) {
    predictor.mark();
    predictor.take(plain, tokens);
  }
  predictor.end();
  const { corrections, restarts } = predictor;
  return { corrections, column: column.written().slice(), restarts };
}

/** Cuts stretches into smaller ones, at tokens' ends. */
export function cut(stretches: readonly Stretch[], random: SeededRandom): readonly Stretch[] {
  return stretches.flatMap((stretch) => cutOne(stretch, random));
}

function cutOne({ plain, tokens }: Stretch, random: SeededRandom): readonly Stretch[] {
  const pieces: Stretch[] = [];
  let byte = 0;
  for (let index = 0; tokens !== undefined && index < tokens.length;) {
    const next = index + 1 + random.lowBelow(30_000);
    const piece = tokens.subarray(index, next);
    const end = byte + bytesOf(piece);
    pieces.push({ plain: plain.subarray(byte, end), tokens: piece });
    index = next;
    byte = end;
  }
  while (byte < plain.length) {
    const end = byte + 1 + random.lowBelow(30_000);
    pieces.push({ plain: plain.subarray(byte, end), tokens: undefined });
    byte = end;
  }
  return pieces;
}

/** Plain bytes that tokens stand for. */
export function bytesOf(tokens: Uint32Array): number {
  let bytes = 0;
  for (const token of tokens) bytes += token < 256 ? 1 : token >>> 16;
  return bytes;
}

/** From where a member's tokens are chosen again, and how. */
export interface Rebuild {
  readonly column: Uint8Array;
  /** Whether each stretch is to be produced or passed over, and its size. */
  readonly shape: readonly Stretch[];
  readonly restart?: TokenRestart | undefined;
  /** Which stretch the restart stands before. */
  readonly fromStretch?: number;
  readonly random: SeededRandom;
}

/** @returns the tokens of the stretches, `undefined` for those that were stored. */
export function rebuild(
  model: TokenModel,
  { column, shape, restart, fromStretch = 0, random }: Rebuild,
): readonly (Uint32Array | undefined)[] {
  const producer = model.producer(new ColumnReader(column), restart);
  const plain = plainOf(shape);
  let given = plainOf(shape.slice(0, fromStretch)).length - (restart?.historyBytes ?? 0);
  const end = { isTold: false };
  const give = (): void => {
    const piece = plain.subarray(
      given,
      given + Math.min(producer.free, 1 + random.lowBelow(200_000)),
    );
    given += piece.length;
    if (piece.length > 0) producer.take(piece);
    else if (end.isTold) throw new Error("the producer is stuck");
    else {
      producer.end();
      end.isTold = true;
    }
  };
  let untilByte = 0;
  const rebuilt = shape.slice(fromStretch).map((stretch) => {
    untilByte += stretch.plain.length;
    const tokens: number[] = [];
    while (producer.position < untilByte) {
      const before = producer.position;
      if (stretch.tokens === undefined) producer.pass(untilByte);
      else tokens.push(...piecesOf(producer, untilByte, random));
      if (producer.position === before) give();
    }
    return stretch.tokens === undefined ? undefined : Uint32Array.from(tokens);
  });
  while (!end.isTold) give();
  return rebuilt;
}

function piecesOf(
  producer: ReturnType<TokenModel["producer"]>,
  untilByte: number,
  random: SeededRandom,
): Uint32Array {
  const from = random.below(3);
  const room = new Uint32Array(from + 1 + random.lowBelow(50_000));
  return room.subarray(from, producer.produce(room, { from, to: room.length, untilByte }));
}

/** How an invented encoder chooses. */
export interface InventedEncoder {
  readonly seed: number;
  /** It takes one match in so many. */
  readonly matchOneIn: number;
}

/** Tokens that are right for `plain`, chosen by no encoder there is. */
export function inventTokens(
  plain: Uint8Array,
  { seed, matchOneIn }: InventedEncoder,
): Uint32Array {
  const random = new SeededRandom(seed);
  const places = new Map<number, number>();
  const tokens: number[] = [];
  for (let at = 0; at < plain.length;) {
    const key = keyAt(plain, at);
    const from = places.get(key);
    places.set(key, at);
    const length = from === undefined || at - from > 32_768 ? 0 : sameBytes(plain, at, from);
    if (from !== undefined && length > 2 && random.oneIn(matchOneIn)) {
      const taken = random.oneIn(3) ? random.between(3, length) : length;
      tokens.push((taken << 16) | (at - from));
      at += taken;
    } else tokens.push(plain[at++] ?? 0);
  }
  return Uint32Array.from(tokens);
}

function keyAt(plain: Uint8Array, at: number): number {
  return (plain[at] ?? 0) | ((plain[at + 1] ?? 0) << 8) | ((plain[at + 2] ?? 0) << 16);
}

function sameBytes(plain: Uint8Array, at: number, from: number): number {
  let length = 0;
  const most = Math.min(258, plain.length - at);
  while (length < most && plain[at + length] === plain[from + length]) length++;
  return length;
}

/** Cuts tokens into stretches of random sizes, some of which are stored. */
export function intoStretches(
  plain: Uint8Array,
  tokens: Uint32Array,
  random: SeededRandom,
): readonly Stretch[] {
  return cut([{ plain, tokens }], random).map((stretch) =>
    random.oneIn(4) ? { plain: stretch.plain, tokens: undefined } : stretch,
  );
}

/** Texts, runs, noise and copies, in pieces of all sizes. */
export function mixedPlain(seed: number, sizeBytes: number): Uint8Array {
  const random = new SeededRandom(seed);
  const plain = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const end = Math.min(sizeBytes, at + 1 + random.lowBelow(20_000));
    fill(plain.subarray(0, end), at, random);
    at = end;
  }
  return plain;
}

function fill(plain: Uint8Array, from: number, random: SeededRandom): void {
  const kind = random.below(4);
  const value = random.below(256);
  const back = 1 + random.below(Math.max(1, Math.min(from, 40_000)));
  for (let at = from; at < plain.length; at++) {
    if (kind === 0) plain[at] = value;
    else if (kind === 1) plain[at] = random.word();
    else if (kind === 2) plain[at] = 97 + random.lowBelow(26);
    else plain[at] = random.oneIn(40) ? random.word() : (plain[at - back] ?? value);
  }
}
