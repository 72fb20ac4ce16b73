/** How far a block is done, and the match that is to be the next sequence: the twin of block-cursor.ts. */
import { byteAt, eightAt, fourAt, max, min } from "./finder-memory";

const SHORTEST_MATCH: i32 = 3;
/** In a block longer than this. */
const SHORTEST_RUN: i32 = 3;
const LAST_REPEAT: i32 = 3;
const WITHOUT_LITERALS: i32 = 4;
const SEQUENCES_BEFORE_REPEATS: i32 = 2;
const NO_OFFSET: i32 = 0x40000000;

/** Of the block at hand. What each number means is said in block-cursor.ts. */
export class Cursor {
  /** Where the finder's sequences and tables lie in the memory. */
  static place: i32 = 0;
  static windowSize: i32 = 0;
  static start: i32 = 0;
  static end: i32 = 0;
  static limit: i32 = 0;
  static floor: i32 = 0;
  static isOnlyBlock: bool = false;
  static count: i32 = 0;
  static position: i32 = 0;
  static anchor: i32 = 0;
  static newest: i32 = 0;
  static second: i32 = 0;
  static third: i32 = 0;
  static from: i32 = 0;
  static length: i32 = 0;
  static distance: i32 = 0;
  static repeat: i32 = 0;
  static offsetValue: i32 = 0;
}

/** What all blocks of a finder have in common: where it lies in the memory, and how far its matches reach. */
export function enter(place: i32, windowSize: i32): void {
  Cursor.place = place;
  Cursor.windowSize = windowSize;
}

export function openBlock(start: i32, end: i32, floor: i32, isOnlyBlock: bool): void {
  Cursor.start = start;
  Cursor.end = end;
  Cursor.limit = start;
  Cursor.floor = floor;
  Cursor.isOnlyBlock = isOnlyBlock;
  Cursor.count = 0;
  Cursor.position = start;
  Cursor.anchor = start;
  Cursor.newest = 1;
  Cursor.second = 4;
  Cursor.third = 8;
}

// @ts-ignore: decorator
@inline export function mayRepeat(): bool {
  return Cursor.count > SEQUENCES_BEFORE_REPEATS;
}

// @ts-ignore: decorator
@inline export function mightRepeat(): bool {
  return Cursor.count > SEQUENCES_BEFORE_REPEATS + 1;
}

// @ts-ignore: decorator
@inline export function repeatableOffset(): i32 {
  return mayRepeat() ? Cursor.newest : NO_OFFSET;
}

// @ts-ignore: decorator
@inline export function reaches(at: i32, candidate: i32): bool {
  const back = at - candidate;
  return back > 0 && back < Cursor.windowSize && candidate >= Cursor.floor;
}

// @ts-ignore: decorator
@inline export function commonLength(ahead: i32, behind: i32): i32 {
  const end = Cursor.end;
  const back = ahead - behind;
  let at = ahead;
  while (at + 8 <= end) {
    const difference = eightAt(at) ^ eightAt(at - back);
    if (difference != 0) return at - ahead + <i32>(ctz(difference) >> 3);
    at += 8;
  }
  while (at < end && byteAt(at) == byteAt(at - back)) at++;
  return at - ahead;
}

/** Proposes a match whose four first bytes are known to be the same. */
// @ts-ignore: decorator
@inline export function propose(from: i32, behind: i32): void {
  proposeLength(from, behind, commonLength(from + 4, behind + 4) + 4);
}

// @ts-ignore: decorator
@inline export function proposeLength(from: i32, behind: i32, length: i32): void {
  Cursor.from = from;
  Cursor.length = length;
  Cursor.distance = from - behind;
  Cursor.repeat = 0;
  Cursor.offsetValue = from - behind + LAST_REPEAT;
}

// @ts-ignore: decorator
@inline export function sayRepeat(repeat: i32): void {
  Cursor.repeat = repeat;
  Cursor.offsetValue = repeat & LAST_REPEAT;
}

/** Stretches the proposed match backwards. */
// @ts-ignore: decorator
@inline export function stretch(searched: i32, earliest: i32): void {
  const distance = Cursor.distance;
  const oldest = max(searched - Cursor.windowSize, Cursor.floor);
  const lowest = max(earliest, oldest + distance);
  const first = Cursor.from;
  let from = first;
  while (from > lowest && byteAt(from - 1) == byteAt(from - 1 - distance)) from--;
  Cursor.length += first - from;
  Cursor.from = from;
}

/** Proposes the second offset again, straight after a match. */
export function proposeSecond(): bool {
  const position = Cursor.position;
  const behind = position - Cursor.second;
  if (behind < Cursor.floor || fourAt(position) != fourAt(behind)) return false;
  propose(position, behind);
  sayRepeat(5);
  return true;
}

/** Whether the block is one byte, again and again. */
export function isRun(): bool {
  const rest = Cursor.end - Cursor.start - 1;
  return rest >= SHORTEST_RUN && commonLength(Cursor.start + 1, Cursor.start) == rest;
}

/** What is wrong with a sequence, as `find` returns it. */
export const FITS: i32 = 0;
const IS_TOO_LONG: i32 = 1;
const LACKS_OFFSET: i32 = 2;

/** Puts a real sequence in the proposed one's place, if it fits into the block. */
export function adopt(literals: i32, length: i32, offsetValue: i32): i32 {
  const end = <i64>Cursor.anchor + literals + length;
  if (literals < 0 || length < SHORTEST_MATCH || end > Cursor.end) return IS_TOO_LONG;
  if (offsetValue < 1) return LACKS_OFFSET;
  Cursor.from = Cursor.anchor + literals;
  Cursor.length = length;
  Cursor.offsetValue = offsetValue;
  if (offsetValue <= LAST_REPEAT) {
    Cursor.repeat = offsetValue + (literals == 0 ? WITHOUT_LITERALS : 0);
    Cursor.distance = 0;
  } else {
    Cursor.repeat = 0;
    Cursor.distance = min(offsetValue - LAST_REPEAT, Cursor.windowSize);
  }
  return FITS;
}

/** Goes behind the match, which now is a sequence of the block. */
export function advance(): void {
  moveOffsets();
  Cursor.count++;
  Cursor.anchor = Cursor.from + Cursor.length;
  Cursor.position = Cursor.anchor;
}

function moveOffsets(): void {
  const repeat = Cursor.repeat;
  if (repeat == 1) return;
  const newest = Cursor.newest;
  const second = Cursor.second;
  if (repeat == 0) setOffsets(Cursor.distance, newest, second);
  else if (repeat == 2 || repeat == 5) setOffsets(second, newest, Cursor.third);
  else if (repeat == 3 || repeat == 6) setOffsets(Cursor.third, newest, second);
  else if (repeat == 7) setOffsets(max(newest - 1, 1), newest, second);
}

// @ts-ignore: decorator
@inline function setOffsets(newest: i32, second: i32, third: i32): void {
  Cursor.newest = newest;
  Cursor.second = second;
  Cursor.third = third;
}
