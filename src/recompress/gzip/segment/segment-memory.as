/**
 * The memory of a segment engine, and how its bytes are read, compared and hashed.
 *
 * The twin of segment-bytes.ts. Every load and store names its region as a constant offset, so a position below 0
 * lies 4 GiB on, beyond the memory's end, and traps.
 */

/** The plain window: 1 MiB and its slack. A position is an offset in it. */
export const WINDOW: i32 = 0;
export const WINDOW_BYTES: i32 = 1 << 20;

/** The tokens that a run follows, or the pairs of index and token that it replays. */
export const WANTED: i32 = WINDOW + WINDOW_BYTES + 4096;
/** One number for each byte of a segment, and one more. */
export const TOKENS_BYTES: i32 = 65536 * 4;
/** The tokens that a run chose; of one that follows, the indexes of those that it had not chosen. */
export const TOKENS: i32 = WANTED + 2 * TOKENS_BYTES;
/** The tables of positions, of which each engine has its own kind. */
export const TABLES: i32 = TOKENS + TOKENS_BYTES;

/** Positions must be nearer than this. */
export const FARTHEST: i32 = 32768;

/** Stands where a table holds no position. */
const NOWHERE: i32 = -0x1000000;

/** Lowers the positions in the tables' first `slots` slots. */
export function lower(slots: i32, by: i32): void {
  for (let slot = 0; slot < slots << 2; slot += 4) {
    store<i32>(slot, max(load<i32>(slot, TABLES) - by, NOWHERE), TABLES);
  }
}

// @ts-ignore: decorator
@inline export function byteAt(at: i32): u32 {
  return load<u8>(at, WINDOW);
}

// @ts-ignore: decorator
@inline export function wordAt(at: i32): u32 {
  return load<u32>(at, WINDOW);
}

/** Whether an earlier position is near enough, and the four bytes there are `word`. */
// @ts-ignore: decorator
@inline export function isMatch(at: i32, from: i32, word: u32): bool {
  return at - from < FARTHEST && wordAt(from) == word;
}

// @ts-ignore: decorator
@inline export function hash4(word: u32): u32 {
  return word * 2654435761;
}

// @ts-ignore: decorator
@inline export function oldHash4(word: u32): u32 {
  return word * 0x1e35a7bd;
}

// @ts-ignore: decorator
@inline export function hash5(at: i32): u32 {
  return <u32>(((load<u64>(at, WINDOW) << 24) * 0xcf1bbcdcbb) >> 32);
}

/** As `hash5`, but as if the fifth byte were 0. */
// @ts-ignore: decorator
@inline export function hash5OfFour(at: i32): u32 {
  return <u32>((((<u64>wordAt(at)) << 24) * 0xcf1bbcdcbb) >> 32);
}

// @ts-ignore: decorator
@inline export function hash7(at: i32): u32 {
  return <u32>(((load<u64>(at, WINDOW) << 8) * 0xcf1bbcdcbfa563) >> 32);
}

/** How many bytes are the same from `at` (to before `end`) and from the earlier position `from` on. */
// @ts-ignore: decorator
@inline export function common(at: i32, from: i32, end: i32): i32 {
  const back = at - from;
  let here = at;
  while (here + 8 <= end) {
    const difference = load<u64>(here, WINDOW) ^ load<u64>(here - back, WINDOW);
    if (difference != 0) return here - at + <i32>(ctz(difference) >> 3);
    here += 8;
  }
  while (here < end && byteAt(here) == byteAt(here - back)) here++;
  return here - at;
}

/** How many bytes are the same before `at` (down to `lowest`) and before the earlier position `from`. */
// @ts-ignore: decorator
@inline export function commonBefore(at: i32, from: i32, lowest: i32): i32 {
  const back = at - from;
  let here = at;
  while (here > lowest && byteAt(here - 1) == byteAt(here - back - 1)) here--;
  return at - here;
}

// @ts-ignore: decorator
@inline export function max(one: i32, other: i32): i32 {
  return one > other ? one : other;
}

// @ts-ignore: decorator
@inline export function min(one: i32, other: i32): i32 {
  return one < other ? one : other;
}
