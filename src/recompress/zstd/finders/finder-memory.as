/**
 * The memory of a finder's module, and how its bytes are read and compared.
 *
 * The twin of hashes.ts and same-bytes.ts. First come the sequences that a run is given and the notes that
 * it takes, then the plain window, then the places of finders on that window: each has the sequences it
 * found last, and its tables. How large the window is, and so where places begin, is told by the caller.
 *
 * Every load names its region as a constant offset, so a position below 0 lies 4 GiB on, beyond the memory's
 * end, and traps.
 */

/** Blocks are at most 128 KiB, and a sequence stands for three bytes at least. */
const MOST_SEQUENCES: i32 = 43691;

/** The sequences to follow, three numbers each, or the fixes to replay, four numbers each. */
export const GIVEN: i32 = 4096;
/** Of a run that follows: the indexes of the sequences that it had not proposed. */
export const NOTED: i32 = GIVEN + 16 * (MOST_SEQUENCES + 1);
/** The plain window. A position is an offset in it. */
export const WINDOW: i32 = 1 << 20;

/** In a finder's place: its tables, behind the sequences. */
export const TABLES: i32 = 528384;

// @ts-ignore: decorator
@inline export function byteAt(at: i32): u32 {
  return load<u8>(at, WINDOW);
}

// @ts-ignore: decorator
@inline export function fourAt(at: i32): u32 {
  return load<u32>(at, WINDOW);
}

// @ts-ignore: decorator
@inline export function eightAt(at: i32): u64 {
  return load<u64>(at, WINDOW);
}

/** The uppermost `bits` of the hash of four bytes. */
// @ts-ignore: decorator
@inline export function hash4(four: u32, bits: i32): u32 {
  return (four * 2654435761) >> (32 - bits);
}

/** The same of the lowest five of eight bytes. */
// @ts-ignore: decorator
@inline export function hash5(eight: u64, bits: i32): u32 {
  return <u32>(((eight << 24) * 0xcf1bbcdcbb) >> (64 - bits));
}

// @ts-ignore: decorator
@inline export function hash6(eight: u64, bits: i32): u32 {
  return <u32>(((eight << 16) * 0xcf1bbcdcbf9b) >> (64 - bits));
}

// @ts-ignore: decorator
@inline export function hash8(eight: u64, bits: i32): u32 {
  return <u32>((eight * 0xcf1bbcdcb7a56463) >> (64 - bits));
}

// @ts-ignore: decorator
@inline export function max(one: i32, other: i32): i32 {
  return one > other ? one : other;
}

// @ts-ignore: decorator
@inline export function min(one: i32, other: i32): i32 {
  return one < other ? one : other;
}
