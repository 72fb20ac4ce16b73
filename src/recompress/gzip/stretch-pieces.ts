/** How finely stretches are cut for who may lose interest. */
const PIECE_TOKENS = 2048;

/** Takes stretches, and says whether it wants more of them. */
export interface StretchTaker {
  /** The arrays are borrowed for the call. */
  take(plain: Uint8Array, tokens: Uint32Array | undefined): boolean;
}

/** A part of the sample, in plain bytes. */
export interface SampleRange {
  /** Or a little later, where a token ends. */
  readonly from: number;
  /** Or a little later. */
  readonly until: number;
}

/** Plain bytes and their tokens; none for what was stored. */
interface PlainTokens {
  readonly plain: Uint8Array;
  readonly tokens: Uint32Array | undefined;
}

/**
 * Tells a part of a stretch in pieces that are small enough to stop soon.
 *
 * @returns whether the taker wanted all of it.
 */
export function replayPieces(
  taker: StretchTaker,
  { plain, tokens }: PlainTokens,
  { from, until }: SampleRange,
): boolean {
  if (tokens === undefined) return taker.take(plain.subarray(Math.max(from, 0)), tokens);
  let { index, byte } = skip(tokens, from);
  for (; index < tokens.length && byte < until; index += PIECE_TOKENS) {
    const piece = tokens.subarray(index, index + PIECE_TOKENS);
    const end = byte + bytesOf(piece);
    if (!taker.take(plain.subarray(byte, end), piece)) return false;
    byte = end;
  }
  return true;
}

/** @returns the first token that begins at byte `from` or beyond. */
function skip(tokens: Uint32Array, from: number) {
  let byte = 0;
  let index = 0;
  for (; byte < from && index < tokens.length; index++) byte += sizeOf(tokens[index] ?? 0);
  return { index, byte };
}

function bytesOf(tokens: Uint32Array): number {
  let bytes = 0;
  for (let index = 0; index < tokens.length; index++) bytes += sizeOf(tokens[index] ?? 0);
  return bytes;
}

function sizeOf(token: number): number {
  return token < 256 ? 1 : token >>> 16;
}
