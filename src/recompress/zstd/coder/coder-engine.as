/**
 * The loops over a block's bytes and bits: the twin of portable-coder.ts.
 *
 * Whatever its areas hold, the module writes to LITERALS, COUNTS, CODES, CODE_COUNTS and OUTPUT alone, and
 * stays inside. Call it with sizes and counts that there is room for.
 *
 * - Literals are gathered as long as they come from before the block's end, so there are at most as many as bytes.
 *   They are copied by 16 bytes; up to 15 too many land in the space behind.
 * - Codes are below 64, by the size of the tables they are looked up in or by a mask.
 * - A state takes at most 15 bits, extra bits are at most 31: OUTPUT has 20 bytes for each sequence. A code of
 *   literals takes at most 15 bits. States are looked up at an index that is cut to the area's size.
 * - Bits wait in a local word of 64, of which whole bytes are stored; at most 7 bits stay.
 */

const MOST_SEQUENCES: i32 = 43691;
const MOST_BYTES: i32 = 131072;
const SPACE: i32 = 4096;

/** Codes by length: of literal lengths up to 63, of match lengths up to 130. */
export const LITERAL_CODES: i32 = 1024;
export const MATCH_CODES: i32 = 1088;
/** By code, 64 of each: the smallest length | extra bits << 24. */
export const LITERAL_EXTRAS: i32 = 1280;
export const MATCH_EXTRAS: i32 = 1536;
/** By code, 64 numbers for each of the three kinds. */
export const CODE_COUNTS: i32 = 2048;
/** By byte value, code | bits << 16, 0 where there is none. */
export const HUFFMAN: i32 = 3072;
/** By byte value. Behind them are three more sets, which are added to these in the end. */
export const COUNTS: i32 = 4096;
const COUNTS_SIZE: i32 = 1024;
/** An FSE encoding table of each kind. */
export const TABLES: i32 = 8192;
export const TABLE_SIZE: i32 = 4096;
/** Within a table, by code; then the states, and zeros up to its end. */
export const BIT_DELTAS: i32 = 0;
export const STATE_DELTAS: i32 = 256;
export const STATES: i32 = 512;
const STATE_MASK: i32 = 1023;
const OFFSET_TABLE: i32 = TABLES + TABLE_SIZE;
const MATCH_TABLE: i32 = TABLES + 2 * TABLE_SIZE;
/** Of extra bits. */
const BASE: u32 = 0xffffff;
/** Bits of whole bytes. */
const WHOLE: u64 = 56;
/** The block's bytes. */
export const PLAIN: i32 = 65536;
export const LITERALS: i32 = PLAIN + MOST_BYTES + SPACE;
/** Three numbers each: literal length, match length, offset value. */
export const SEQUENCES: i32 = LITERALS + MOST_BYTES + SPACE;
/** For each sequence, literal length | offset << 8 | match length << 16. */
export const CODES: i32 = SEQUENCES + 12 * MOST_SEQUENCES;
export const OUTPUT: i32 = CODES + 4 * MOST_SEQUENCES + 16;
export const END: i32 = OUTPUT + 20 * MOST_SEQUENCES + SPACE;

const NOT_POSSIBLE: i32 = -1;
const SHORTEST_MATCH: i32 = 3;
const LARGEST_LITERAL_LENGTH: i32 = 0x1ffff;
const LARGEST_MATCH_LENGTH: i32 = LARGEST_LITERAL_LENGTH + SHORTEST_MATCH;

/** Puts the bytes between the matches together. Returns how many; -1 when the sequences do not fit the bytes. */
export function gather(size: i32, count: i32): i32 {
  let from: u32 = 0;
  let gathered: u32 = 0;
  const end = 12 * count;
  for (let at = 0; at < end; at += 12) {
    const length = load<u32>(at, SEQUENCES);
    const match = load<u32>(at, SEQUENCES + 4);
    const left = <u32>size - from;
    if (length > left || match > left - length) return NOT_POSSIBLE;
    copy(from, gathered, length);
    gathered += length;
    from += length + match;
  }
  copy(from, gathered, <u32>size - from);
  return gathered + (<u32>size - from);
}

// @ts-ignore: decorator
@inline function copy(from: u32, to: u32, length: u32): void {
  for (let at: u32 = 0; at < length; at += 16) {
    store<u64>(to + at, load<u64>(from + at, PLAIN), LITERALS);
    store<u64>(to + at, load<u64>(from + at, PLAIN + 8), LITERALS + 8);
  }
}

/** Counts byte values. Neighbours go to different sets, so that none has to wait for the one before. */
export function countBytes(from: i32, size: i32): void {
  memory.fill(COUNTS, 0, 4 * COUNTS_SIZE);
  let at = from;
  const end = from + size;
  for (; at + 8 <= end; at += 8) {
    const eight = load<u64>(at);
    countFour(<u32>eight);
    countFour(<u32>(eight >> 32));
  }
  for (; at < end; at++) count(load<u8>(at), COUNTS);
  for (let value = COUNTS; value < COUNTS + COUNTS_SIZE; value += 4) {
    const sum =
      load<i32>(value) +
      load<i32>(value, COUNTS_SIZE) +
      load<i32>(value, 2 * COUNTS_SIZE) +
      load<i32>(value, 3 * COUNTS_SIZE);
    store<i32>(value, sum);
  }
}

// @ts-ignore: decorator
@inline function countFour(four: u32): void {
  count(four & 255, COUNTS);
  count((four >> 8) & 255, COUNTS + COUNTS_SIZE);
  count((four >> 16) & 255, COUNTS + 2 * COUNTS_SIZE);
  count(four >> 24, COUNTS + 3 * COUNTS_SIZE);
}

// @ts-ignore: decorator
@inline function count(symbol: u32, counts: i32): void {
  const at = counts + (symbol << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Finds and counts the codes of sequences. Returns -1 when there is no code for a number. */
export function findCodes(sequences: i32): i32 {
  memory.fill(CODE_COUNTS, 0, 768);
  let outside: i32 = 0;
  for (let index = 0; index < sequences; index++) {
    const at = 12 * index;
    const literal = load<i32>(at, SEQUENCES);
    const match = load<i32>(at, SEQUENCES + 4);
    const offset = load<i32>(at, SEQUENCES + 8);
    outside |= literal | (match - SHORTEST_MATCH) | (offset - 1);
    outside |= (LARGEST_LITERAL_LENGTH - literal) | (LARGEST_MATCH_LENGTH - match);
    const literalCode = literalLengthCode(literal);
    const offsetCode = (31 - clz<i32>(offset)) & 63;
    const matchCode = matchLengthCode(match);
    count(literalCode, CODE_COUNTS);
    count(offsetCode, CODE_COUNTS + 256);
    count(matchCode, CODE_COUNTS + 512);
    store<u32>(index << 2, literalCode | (offsetCode << 8) | (matchCode << 16), CODES);
  }
  return outside < 0 ? NOT_POSSIBLE : 0;
}

// @ts-ignore: decorator
@inline function literalLengthCode(length: i32): i32 {
  if (<u32>length < 64) return load<u8>(length, LITERAL_CODES) & 63;
  return 50 - clz<i32>(length);
}

// @ts-ignore: decorator
@inline function matchLengthCode(length: i32): i32 {
  if (<u32>length < 131) return load<u8>(length, MATCH_CODES) & 63;
  return (67 - clz<i32>(length - SHORTEST_MATCH)) & 63;
}

/**
 * Writes the codes of literals, the last one first, and ends the stream. Returns how many bytes it takes; -1 when
 * one of them has no code.
 */
export function writeStream(from: i32, size: i32): i32 {
  let missing: i32 = 0;
  let at = from + size;
  let place: i32 = 0;
  let word: u64 = 0;
  let bits: u64 = 0;
  for (; at - from >= 4; at -= 4) {
    const four = load<u32>(at - 4);
    const first = codeOf(four >> 24);
    const second = codeOf((four >> 16) & 255);
    const third = codeOf((four >> 8) & 255);
    const fourth = codeOf(four & 255);
    missing |= (first - 1) | (second - 1) | (third - 1) | (fourth - 1);
    word |= valueOf(first) << bits;
    bits += widthOf(first);
    word |= valueOf(second) << bits;
    bits += widthOf(second);
    word |= valueOf(third) << bits;
    bits += widthOf(third);
    word |= valueOf(fourth) << bits;
    bits += widthOf(fourth);
    store<u64>(place, word, OUTPUT);
    place += <i32>(bits >> 3);
    word >>= bits & WHOLE;
    bits &= 7;
  }
  for (; at > from; at--) {
    const code = codeOf(load<u8>(at - 1));
    missing |= code - 1;
    word |= valueOf(code) << bits;
    bits += widthOf(code);
    store<u64>(place, word, OUTPUT);
    place += <i32>(bits >> 3);
    word >>= bits & WHOLE;
    bits &= 7;
  }
  return missing < 0 ? NOT_POSSIBLE : end(place, word, bits);
}

// @ts-ignore: decorator
@inline function codeOf(byte: u32): i32 {
  return load<i32>(byte << 2, HUFFMAN);
}

// @ts-ignore: decorator
@inline function valueOf(code: i32): u64 {
  return <u64>(code & 0xffff);
}

// @ts-ignore: decorator
@inline function widthOf(code: i32): u64 {
  return <u64>((code >> 16) & 15);
}

/**
 * Writes sequences whose codes have been found, the last one first, each behind what leads a decoder from its states
 * to those of the next one (RFC 8878 section 3.1.1.3.2.1.2); then the states in which a decoder begins. Returns how
 * many bytes it takes; -1 when a table cannot say one of the codes.
 *
 * @param count at least 1
 * @param literals, offsets, matches the states of the last sequence
 * @param literalLog, offsetLog, matchLog of the tables
 */
export function writeSequences(
  count: i32,
  literals: i32,
  offsets: i32,
  matches: i32,
  literalLog: i32,
  offsetLog: i32,
  matchLog: i32,
): i32 {
  let place: i32 = 0;
  let word: u64 = 0;
  let bits: u64 = 0;
  for (let index = count - 1; index >= 0; index--) {
    const codes = load<u32>(index << 2, CODES);
    if (index < count - 1) {
      const offsetAt = OFFSET_TABLE + ((codes >> 6) & 252);
      const offsetWidth = stateWidth(offsets, offsetAt);
      word |= low(offsets, offsetWidth) << bits;
      bits += <u64>offsetWidth;
      offsets = nextState(OFFSET_TABLE, (offsets >> offsetWidth) + load<i32>(offsetAt, STATE_DELTAS));
      const matchAt = MATCH_TABLE + ((codes >> 14) & 252);
      const matchWidth = stateWidth(matches, matchAt);
      word |= low(matches, matchWidth) << bits;
      bits += <u64>matchWidth;
      matches = nextState(MATCH_TABLE, (matches >> matchWidth) + load<i32>(matchAt, STATE_DELTAS));
      const literalAt = TABLES + ((codes << 2) & 252);
      const literalWidth = stateWidth(literals, literalAt);
      word |= low(literals, literalWidth) << bits;
      bits += <u64>literalWidth;
      literals = nextState(TABLES, (literals >> literalWidth) + load<i32>(literalAt, STATE_DELTAS));
      if (((offsets - 1) | (matches - 1) | (literals - 1)) < 0) return NOT_POSSIBLE;
    }
    const at = 12 * index;
    const literalExtra = load<u32>((codes << 2) & 252, LITERAL_EXTRAS);
    word |= <u64>(load<u32>(at, SEQUENCES) - (literalExtra & BASE)) << bits;
    bits += <u64>((literalExtra >> 24) & 31);
    store<u64>(place, word, OUTPUT);
    place += <i32>(bits >> 3);
    word >>= bits & WHOLE;
    bits &= 7;
    const matchExtra = load<u32>((codes >> 14) & 252, MATCH_EXTRAS);
    word |= <u64>(load<u32>(at, SEQUENCES + 4) - (matchExtra & BASE)) << bits;
    bits += <u64>((matchExtra >> 24) & 31);
    const offsetBits = (codes >> 8) & 31;
    word |= low(load<i32>(at, SEQUENCES + 8), offsetBits) << bits;
    bits += <u64>offsetBits;
    store<u64>(place, word, OUTPUT);
    place += <i32>(bits >> 3);
    word >>= bits & WHOLE;
    bits &= 7;
  }
  word |= low(matches, matchLog) << bits;
  bits += <u64>matchLog;
  word |= low(offsets, offsetLog) << bits;
  bits += <u64>offsetLog;
  word |= low(literals, literalLog) << bits;
  return end(place, word, bits + <u64>literalLog);
}

/** How many bits of a state are written, so that what is left of it says the code. */
// @ts-ignore: decorator
@inline function stateWidth(state: i32, at: i32): i32 {
  return ((state + load<i32>(at, BIT_DELTAS)) >> 16) & 15;
}

/** The state before; 0 when there is none. */
// @ts-ignore: decorator
@inline function nextState(table: i32, index: i32): i32 {
  return load<u16>(table + ((index & STATE_MASK) << 1), STATES);
}

// @ts-ignore: decorator
@inline function low(value: i32, width: i32): u64 {
  return <u64>(<u32>(value & ((1 << width) - 1)));
}

/** Writes the bit that marks the end, and fills up the byte (RFC 8878 section 4). */
// @ts-ignore: decorator
@inline function end(place: i32, word: u64, bits: u64): i32 {
  store<u64>(place, word | ((<u64>1) << bits), OUTPUT);
  return place + <i32>((bits + 8) >> 3);
}
