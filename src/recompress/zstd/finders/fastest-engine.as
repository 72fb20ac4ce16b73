/** The speed `fastest`: the twin of fastest-search.ts, which says what the encoder's rules are. */
import {
  Cursor,
  enter,
  mayRepeat,
  mightRepeat,
  openBlock,
  propose,
  proposeSecond,
  repeatableOffset,
  sayRepeat,
  stretch,
} from "./block-cursor";
import { eightAt, fourAt, GIVEN, hash6, max, NOTED, TABLES, WINDOW } from "./finder-memory";
import { agreeFrom, areAlike, entryAt, entryOf, forgetPositions, lowerPositions, positionIn } from "./position-table";
import { beginLog, count, faultFound, judge, notedCount } from "./sequence-log";

export { agreeFrom, count, enter, forgetPositions, GIVEN, lowerPositions, NOTED, notedCount };
export { TABLES, WINDOW };

const SMALLEST_BLOCK_BYTES: i32 = 10;
const MARGIN_BYTES: i32 = 8;
const TABLE_BITS: i32 = 15;
const REPEAT_AHEAD: i32 = 2;
const STEP: i32 = 2;
const IMPATIENCE_BITS: i32 = 5;
const OVERLAP_STEP: i32 = 4;
const OVERLAP_MARGIN: i32 = 8;

export const TABLE_BYTES: i32 = 4 << TABLE_BITS;

let triesSecond: bool = false;

/** Finds the sequences of a block. Returns what is wrong with those given, 0 when nothing is. */
export function find(start: i32, end: i32, floor: i32, isOnlyBlock: i32, guide: i32, given: i32): i32 {
  openBlock(start, end, floor, isOnlyBlock != 0);
  beginLog(guide, given);
  triesSecond = false;
  if (end - start >= SMALLEST_BLOCK_BYTES) Cursor.limit = end - MARGIN_BYTES;
  while (judge(Cursor.position < Cursor.limit && proposeNext())) {
    if (Cursor.limit > Cursor.start) settle();
  }
  return faultFound();
}

/** Indexes the bytes before a job. */
export function indexOverlap(from: i32, to: i32): void {
  for (let at = from + 1; at < to - OVERLAP_MARGIN; at += OVERLAP_STEP) index(at);
}

function proposeNext(): bool {
  return (triesSecond && proposeSecond()) || search();
}

function search(): bool {
  const place = Cursor.place;
  const limit = Cursor.limit;
  const anchor = Cursor.anchor;
  const floor = Cursor.floor;
  const windowSize = Cursor.windowSize;
  const offset = repeatableOffset();
  let at = Cursor.position;
  while (at < limit) {
    const eight = eightAt(at);
    const slot = place + (hash6(eight, TABLE_BITS) << 2);
    const nextSlot = place + (hash6(eight >> 8, TABLE_BITS) << 2);
    const entry = entryOf(at, <u32>eight);
    const nextEntry = entryOf(at + 1, <u32>(eight >> 8));
    const known = load<u32>(slot, TABLES);
    const knownNext = load<u32>(nextSlot, TABLES);
    store<u32>(slot, entry, TABLES);
    store<u32>(nextSlot, nextEntry, TABLES);
    const repeated = at + REPEAT_AHEAD - offset;
    if (repeated >= floor && fourAt(repeated) == <u32>(eight >> 16)) return takeRepeat(at);
    const oldest = at - windowSize + 1;
    if (areAlike(known, entry)) {
      const seen = positionIn(known);
      const isInReach = seen >= max(oldest, floor) && seen < at;
      if (isInReach && fourAt(seen) == <u32>eight) return take(at, seen);
    }
    if (areAlike(knownNext, nextEntry)) {
      const seen = positionIn(knownNext);
      const isInReach = seen >= max(oldest + 1, floor) && seen <= at;
      if (isInReach && fourAt(seen) == <u32>(eight >> 8)) return take(at + 1, seen);
    }
    at += STEP + ((at - anchor) >> IMPATIENCE_BITS);
  }
  return false;
}

function take(at: i32, seen: i32): bool {
  propose(at, seen);
  stretch(at, Cursor.anchor);
  return true;
}

function takeRepeat(at: i32): bool {
  const ahead = at + REPEAT_AHEAD;
  propose(ahead, ahead - Cursor.newest);
  stretch(at, Cursor.anchor + 1);
  sayRepeat(1);
  return true;
}

function settle(): void {
  const repeat = Cursor.repeat;
  const isAllowed = Cursor.isOnlyBlock ? mayRepeat() : mightRepeat();
  triesSecond = repeat == 0 && isAllowed;
  if (repeat == 5 && Cursor.from < Cursor.limit) index(Cursor.from);
}

// @ts-ignore: decorator
@inline function index(at: i32): void {
  store<u32>(Cursor.place + (hash6(eightAt(at), TABLE_BITS) << 2), entryAt(at), TABLES);
}
