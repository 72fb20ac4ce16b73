/** How to rebuild a stream in pieces, each apart from the others, and how to join them. */
import { RecipeError } from "./recipe-error.ts";
import { type RebuildSpan, restartPoints, type RestartPoint } from "./rebuild.ts";
import type { Recipe } from "./recipe.ts";

/** Less than this is not worth what a piece costs to begin. */
const LEAST_PIECE_BYTES = 16 * 1024 * 1024;
/** What a piece has to go over before its place, to come to the encoder's state, is work done twice. */
const LEAST_WARM_UPS = 2;

/** A piece of a stream: what `rebuildStream` is to be told, and what it needs and makes. */
export interface RebuildPiece extends RebuildSpan {
  /** The first plain byte that it is to be given. */
  readonly plainFrom: number;
  /** The first plain byte that its bytes stand for, at or behind `plainFrom`; */
  readonly plainAt: number;
  /**
   * and the one after the last. To choose the last tokens it needs some more from behind, how many its
   * encoder's rules say: `write` returns `false` when it has enough, and the plain bytes may end before.
   */
  readonly plainEnd: number;
  /** The first byte of the stream that it makes, */
  readonly streamFrom: number;
  /** and the one after the last. */
  readonly streamEnd: number;
  /** Whether its last byte is also the next one's first: the two are to be ORed. */
  readonly sharesLastByte: boolean;
}

/** A piece's end that is also the next one's start. */
interface Place extends RestartPoint {
  /** Of the restart point; `undefined` at the stream's start. */
  readonly index: number | undefined;
}

/**
 * Cuts a stream at some of its restart points.
 *
 * @param leastPieceBytes a piece stands for at least as many plain bytes, but for the last one
 * @returns at least one piece; in order they make the stream.
 * @throws {RecipeError} when the recipe's restart points are damaged.
 */
export function planRebuild(
  recipe: Recipe,
  leastPieceBytes = LEAST_PIECE_BYTES,
): readonly RebuildPiece[] {
  const start = { index: undefined, plainFrom: 0, plainAt: 0, streamByte: 0, streamBit: 0 };
  const places: Place[] = [start];
  const points = restartPoints(recipe);
  // What takes the work of the whole stream to make does not get faster in pieces.
  if (points.some(needsAll)) return [pieceFrom(start, undefined, recipe)];
  let lastAt = 0;
  for (const [index, point] of points.entries()) {
    const warmUpBytes = point.plainAt - point.plainFrom;
    const leastBytes = Math.max(leastPieceBytes, LEAST_WARM_UPS * warmUpBytes, 1);
    if (point.plainAt - lastAt < leastBytes) continue;
    lastAt = point.plainAt;
    places.push({ ...point, index });
  }
  return places.map((from, at) => pieceFrom(from, places[at + 1], recipe));
}

function needsAll({ plainFrom, plainAt }: RestartPoint): boolean {
  return plainFrom === 0 && plainAt > 0;
}

function pieceFrom(from: Place, until: Place | undefined, recipe: Recipe): RebuildPiece {
  const end = until ?? endOf(recipe);
  if (!isBehind(end, from)) throw new RecipeError("the recipe's restart points are not in order");
  const sharesLastByte = end.streamBit > 0;
  return {
    from: from.index,
    until: until?.index,
    plainFrom: from.plainFrom,
    plainAt: from.plainAt,
    plainEnd: end.plainAt,
    streamFrom: from.streamByte,
    streamEnd: end.streamByte + (sharesLastByte ? 1 : 0),
    sharesLastByte,
  };
}

function endOf({ plainBytes, streamBytes }: Recipe): Omit<Place, "plainFrom" | "index"> {
  return { plainAt: plainBytes, streamByte: streamBytes, streamBit: 0 };
}

function isBehind(end: Omit<Place, "plainFrom" | "index">, from: Place): boolean {
  const bytes = end.streamByte - from.streamByte;
  const isLater = bytes > 0 || (bytes === 0 && end.streamBit >= from.streamBit);
  return isLater && end.plainAt >= from.plainAt && from.plainFrom >= 0;
}

/** Puts pieces together again that come one after the other, each in as many parts as it likes. */
export class PieceJoiner {
  #sharesLastByte = false;
  #leftBytes = 0;
  #isBegun = false;
  /** The bits that the last piece made of the byte that it shares with the next one. */
  #heldBits = 0;

  begin({ streamFrom, streamEnd, sharesLastByte }: RebuildPiece): void {
    this.#leftBytes = streamEnd - streamFrom;
    this.#sharesLastByte = sharesLastByte;
    this.#isBegun = false;
  }

  /**
   * Takes the next bytes of the piece, and completes the first one in place.
   *
   * @returns those of them that are the stream's.
   * @throws {RecipeError} when the piece is larger than it was planned.
   */
  take(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    this.#leftBytes -= bytes.length;
    if (this.#leftBytes < 0) throw new RecipeError("a piece of the stream is too large");
    const whole = bytes;
    if (!this.#isBegun) whole[0] = (whole[0] ?? 0) | this.#heldBits;
    if (!this.#isBegun) this.#heldBits = 0;
    this.#isBegun = true;
    if (this.#leftBytes > 0 || !this.#sharesLastByte) return whole;
    this.#heldBits = whole[whole.length - 1] ?? 0;
    return whole.subarray(0, -1);
  }

  /** The piece has ended. @throws {RecipeError} when it is smaller than it was planned. */
  end(): void {
    if (this.#leftBytes > 0) throw new RecipeError("a piece of the stream is too small");
  }
}
