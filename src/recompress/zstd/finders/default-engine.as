/** The speed `default`: the twin of default-search.ts, which says what the encoder's rules are. */
import {
  Cursor,
  enter,
  mayRepeat,
  mightRepeat,
  openBlock,
  propose,
  proposeSecond,
  reaches,
  repeatableOffset,
  sayRepeat,
  stretch,
} from "./block-cursor";
import { eightAt, fourAt, GIVEN, hash5, hash6, hash8, max, NOTED, TABLES, WINDOW } from "./finder-memory";
import { agreeFrom, areAlike, entryAt, entryOf, forgetPositions, lowerPositions, positionIn } from "./position-table";
import { beginLog, count, faultFound, judge, notedCount } from "./sequence-log";

export { agreeFrom, count, enter, forgetPositions, GIVEN, lowerPositions, NOTED, notedCount };
export { TABLES, WINDOW };

const SMALLEST_BLOCK_BYTES: i32 = 16;
const MARGIN_BYTES: i32 = 10;
const LONG_BITS: i32 = 17;
const SHORT_BITS: i32 = 15;
const IMPATIENCE_BITS: i32 = 7;
const LONG_OVERLAP_STEP: i32 = 2;
const SHORT_OVERLAP_STEP: i32 = 4;
const OVERLAP_MARGIN: i32 = 8;

const LONG: i32 = TABLES;
const SHORT: i32 = LONG + (4 << LONG_BITS);
export const TABLE_BYTES: i32 = (4 << LONG_BITS) + (4 << SHORT_BITS);

let triesSecond: bool = false;
let heldSlot: i32 = 0;

/** Finds the sequences of a block. Returns what is wrong with those given, 0 when nothing is. */
export function find(start: i32, end: i32, floor: i32, isOnlyBlock: i32, guide: i32, given: i32): i32 {
  openBlock(start, end, floor, isOnlyBlock != 0);
  beginLog(guide, given);
  triesSecond = false;
  heldSlot = Cursor.place;
  if (end - start >= SMALLEST_BLOCK_BYTES) Cursor.limit = end - MARGIN_BYTES;
  while (judge(Cursor.position < Cursor.limit && proposeNext())) {
    if (Cursor.limit > Cursor.start) settle();
  }
  return faultFound();
}

/** Indexes the bytes before a job. */
export function indexOverlap(from: i32, to: i32): void {
  const last = to - OVERLAP_MARGIN;
  for (let at = from + 1; at < last; at += SHORT_OVERLAP_STEP) {
    store<u32>(Cursor.place + (hash6(eightAt(at), SHORT_BITS) << 2), entryAt(at), SHORT);
  }
  for (let at = from + 1; at < last; at += LONG_OVERLAP_STEP) enterLong(at);
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
    const longSlot = place + (hash8(eight, LONG_BITS) << 2);
    const shortSlot = place + (hash5(eight, SHORT_BITS) << 2);
    const entry = entryOf(at, <u32>eight);
    const knownLong = load<u32>(longSlot, LONG);
    const knownShort = load<u32>(shortSlot, SHORT);
    store<u32>(longSlot, entry, LONG);
    store<u32>(shortSlot, entry, SHORT);
    const repeated = at + 1 - offset;
    if (repeated >= floor && fourAt(repeated) == <u32>(eight >> 8)) return takeRepeat(at);
    const oldest = max(at - windowSize + 1, floor);
    if (areAlike(knownLong, entry)) {
      const seen = positionIn(knownLong);
      if (seen >= oldest && seen < at && fourAt(seen) == <u32>eight) return take(at, seen);
    }
    if (areAlike(knownShort, entry)) {
      const seen = positionIn(knownShort);
      if (seen >= oldest && seen < at && fourAt(seen) == <u32>eight) return takeShort(at, seen);
    }
    at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
  }
  return false;
}

function take(at: i32, seen: i32): bool {
  propose(at, seen);
  stretch(at, Cursor.anchor);
  return true;
}

function takeShort(at: i32, seen: i32): bool {
  const next = at + 1;
  const slot = longSlotOf(next);
  const seenNext = positionIn(load<u32>(slot, LONG));
  store<u32>(slot, entryAt(next), LONG);
  const isLong = reaches(next, seenNext) && fourAt(next) == fourAt(seenNext);
  return isLong ? take(next, seenNext) : take(at, seen);
}

function takeRepeat(at: i32): bool {
  propose(at + 1, at + 1 - Cursor.newest);
  stretch(at, Cursor.anchor + 1);
  sayRepeat(1);
  return true;
}

function settle(): void {
  if (Cursor.repeat == 5) {
    indexSecond();
    return;
  }
  triesSecond = false;
  if (Cursor.repeat != 0 || Cursor.position >= Cursor.limit) return;
  indexMatch();
  triesSecond = Cursor.isOnlyBlock ? mayRepeat() : mightRepeat();
}

function indexSecond(): void {
  const from = Cursor.from;
  if (from >= Cursor.limit) return;
  enterLong(from);
  if (Cursor.isOnlyBlock) store<u32>(heldSlot, entryAt(from), SHORT);
  else enterShort(from);
}

function indexMatch(): void {
  const from = Cursor.from;
  const position = Cursor.position;
  enterLong(from + 1);
  enterLong(position - 2);
  enterShort(from + 2);
  enterShort(position - 1);
  heldSlot = shortSlotOf(position);
}

// @ts-ignore: decorator
@inline function enterLong(at: i32): void {
  store<u32>(longSlotOf(at), entryAt(at), LONG);
}

// @ts-ignore: decorator
@inline function enterShort(at: i32): void {
  store<u32>(shortSlotOf(at), entryAt(at), SHORT);
}

// @ts-ignore: decorator
@inline function longSlotOf(at: i32): i32 {
  return Cursor.place + (hash8(eightAt(at), LONG_BITS) << 2);
}

// @ts-ignore: decorator
@inline function shortSlotOf(at: i32): i32 {
  return Cursor.place + (hash5(eightAt(at), SHORT_BITS) << 2);
}
