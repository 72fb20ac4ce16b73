/** The speed `best` since 1.16.5: the twin of best-search.ts, which says what the encoder's rules are. */
import { enterAll, indexOverlap, longSlotOf, push, shortSlotOf, TABLE_BYTES } from "./best-tables";
import { lengthBits, offsetBits } from "./bit-costs";
import {
  Cursor,
  enter,
  isRun,
  mayRepeat,
  openBlock,
  propose,
  proposeLength,
  reaches,
  sayRepeat,
  stretch,
} from "./block-cursor";
import { eightAt, fourAt, GIVEN, max, min, NOTED, TABLES, WINDOW } from "./finder-memory";
import { agreeFrom, areAlike, entryOf, forgetPositions, lowerPositions, positionIn } from "./position-table";
import { beginLog, count, faultFound, judge, notedCount } from "./sequence-log";

export { agreeFrom, count, enter, forgetPositions, GIVEN, indexOverlap, lowerPositions, NOTED, notedCount };
export { TABLE_BYTES, TABLES, WINDOW };

const SMALLEST_BLOCK_BYTES: i32 = 16;
const MARGIN_BYTES: i32 = 12;
const SHORTEST_FOUND: i32 = 4;
const GOOD_ENOUGH: i32 = 250;
const IMPATIENCE_BITS: i32 = 9;
const ESTIMATE_BITS: i32 = 10;
const WORTHLESS: i32 = 131074 * 8;
const REPEAT_NUMBER: i32 = 3;
const LONG_LENGTH: i32 = 16;
const COMPARED_BEFORE_END: i32 = 8;
const TOLERATED_BYTES: i32 = 2;
const INDEX_MARGIN: i32 = 4;

/** Which matches are stretched; the third: while the best is no repeat. */
const OWN_OFFSETS: i32 = 0;
const ALL: i32 = 1;

/** Of the leading match's `repeat`. */
const NOTHING_SEEN: i32 = 0;
const SEEN_IN_TABLE: i32 = -1;

let stretches: i32 = 0;
let reckonsWrittenRepeats: bool = false;
let indexesLast: bool = false;
let takesRunsWhole: bool = false;
let literalBits: i32 = 0;
let unsearched: i32 = 0;

/** The match that leads. */
let bestFrom: i32 = 0;
let bestLength: i32 = 0;
let bestDistance: i32 = 0;
let bestRepeat: i32 = 0;
let bestCost: i32 = 0;

/** Which revision it is. */
export function choose(stretched: i32, writtenRepeats: i32, last: i32, runsWhole: i32): void {
  stretches = stretched;
  reckonsWrittenRepeats = writtenRepeats != 0;
  indexesLast = last != 0;
  takesRunsWhole = runsWhole != 0;
}

/** What a literal of the next block costs, in 1/1024 bits. */
export function reckon(bits: i32): void {
  literalBits = bits;
}

/** Finds the sequences of a block. Returns what is wrong with those given, 0 when nothing is. */
export function find(start: i32, end: i32, floor: i32, isOnlyBlock: i32, guide: i32, given: i32): i32 {
  openBlock(start, end, floor, isOnlyBlock != 0);
  beginLog(guide, given);
  unsearched = start;
  if (takesRunsWhole && isRun()) {
    proposeLength(start + 1, start, end - start - 1);
    if (!judge(true)) return faultFound();
  } else if (end - start >= SMALLEST_BLOCK_BYTES) Cursor.limit = end - MARGIN_BYTES;
  while (judge(Cursor.position < Cursor.limit && search())) {
    if (Cursor.limit > Cursor.start) settle();
  }
  return faultFound();
}

function search(): bool {
  const limit = Cursor.limit;
  const anchor = Cursor.anchor;
  let at = Cursor.position;
  while (at < limit) {
    measureAt(at);
    if (bestLength >= SHORTEST_FOUND) return take(at);
    at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
  }
  return false;
}

function settle(): void {
  const position = Cursor.position;
  const limit = Cursor.limit;
  let end = position;
  if (indexesLast) {
    end = min(position, limit + (Cursor.repeat == 0 ? -INDEX_MARGIN : INDEX_MARGIN));
  } else if (position >= limit) return;
  enterAll(unsearched, end);
  unsearched = max(unsearched, end);
}

function measureAt(at: i32): void {
  const eight = eightAt(at);
  const longSlot = longSlotOf(eight);
  const shortSlot = shortSlotOf(<u32>eight);
  const entry = entryOf(at, <u32>eight);
  clear(at);
  considerSeen(entry, load<u32>(longSlot));
  considerSeen(entry, load<u32>(longSlot, 4));
  considerSeen(entry, load<u32>(shortSlot));
  considerSeen(entry, load<u32>(shortSlot, 4));
  if (mayRepeat() && bestLength < GOOD_ENOUGH) measureRepeats(at);
  push(longSlot, entry);
  push(shortSlot, entry);
}

// @ts-ignore: decorator
@inline function clear(at: i32): void {
  bestFrom = at;
  bestLength = 0;
  bestDistance = 0;
  bestRepeat = NOTHING_SEEN;
  bestCost = WORTHLESS;
}

function measureRepeats(at: i32): void {
  if (at == Cursor.anchor) {
    consider(at, at - Cursor.second, 5);
    consider(at, at - Cursor.third, 6);
    if (Cursor.newest > 1) consider(at, at - Cursor.newest + 1, 7);
  }
  if (bestRepeat > 0) return;
  considerRepeats(at + 1);
  if (bestRepeat == SEEN_IN_TABLE) considerRepeats(at + 3);
}

function considerRepeats(at: i32): void {
  consider(at, at - Cursor.newest, 1);
  consider(at, at - Cursor.second, 2);
  consider(at, at - Cursor.third, 3);
}

function take(at: i32): bool {
  if (bestLength < GOOD_ENOUGH) lookAhead(at);
  unsearched = at + 1;
  proposeLength(bestFrom, bestFrom - bestDistance, bestLength);
  if (bestRepeat > 0) sayRepeat(bestRepeat);
  return true;
}

function lookAhead(at: i32): void {
  const next = eightAt(at + 1);
  considerSeen(entryOf(at + 1, <u32>next), load<u32>(shortSlotOf(<u32>next)));
  considerBoth(at + 1, next);
  considerBoth(at + 2, eightAt(at + 2));
  if (bestFrom > at - TOLERATED_BYTES) lookBehindEnd();
}

function considerBoth(at: i32, eight: u64): void {
  const slot = longSlotOf(eight);
  const entry = entryOf(at, <u32>eight);
  considerSeen(entry, load<u32>(slot));
  considerSeen(entry, load<u32>(slot, 4));
}

function lookBehindEnd(): void {
  const behindEnd = bestFrom + bestLength;
  if (behindEnd >= Cursor.limit) return;
  const slot = longSlotOf(eightAt(behindEnd));
  if (considerEnding(positionIn(load<u32>(slot)))) considerEnding(positionIn(load<u32>(slot, 4)));
}

/** Returns whether a match may begin that far back. */
function considerEnding(seen: i32): bool {
  const from = seen - bestLength + TOLERATED_BYTES;
  if (seen < 0 || from < Cursor.floor) return false;
  consider(bestFrom + TOLERATED_BYTES, from, SEEN_IN_TABLE);
  return true;
}

/** As `consider`, for an entry of a table. `entry` is that of the place where the match would begin. */
// @ts-ignore: decorator
@inline function considerSeen(entry: u32, known: u32): void {
  if (areAlike(known, entry)) consider(positionIn(entry), positionIn(known), SEEN_IN_TABLE);
}

/** Lets a match lead that begins at `at` with the bytes of `seen`, if it is better. */
function consider(at: i32, seen: i32, repeat: i32): void {
  if (!reaches(at, seen) || fourAt(at) != fourAt(seen)) return;
  if (bestLength > LONG_LENGTH && !mayOutdo(at, seen)) return;
  propose(at, seen);
  if (isStretched(repeat)) stretch(at, Cursor.anchor);
  compare(repeat);
}

/** Whether a match agrees with some bytes near the end of the leading one, where there are such. */
function mayOutdo(at: i32, seen: i32): bool {
  const end = bestFrom + bestLength;
  if (end >= Cursor.end) return false;
  const compared = end - COMPARED_BEFORE_END - at;
  const isCompared = end + 2 < Cursor.end && compared > 4;
  return !isCompared || fourAt(at + compared) == fourAt(seen + compared);
}

// @ts-ignore: decorator
@inline function isStretched(repeat: i32): bool {
  if (stretches == OWN_OFFSETS) return repeat == SEEN_IN_TABLE;
  return stretches == ALL || bestRepeat <= 0;
}

/** Lets the match that the cursor proposes lead, if it is better. */
function compare(repeat: i32): void {
  const from = Cursor.from;
  const length = Cursor.length;
  const distance = Cursor.distance;
  const saved = (length * literalBits) >> ESTIMATE_BITS;
  const spent = offsetBits(valueOf(distance, repeat)) + lengthBits(length);
  const isWorth = spent <= saved;
  const cost = isWorth ? spent - saved : WORTHLESS;
  const literals = ((from - bestFrom) * literalBits) >> ESTIMATE_BITS;
  if (bestCost < WORTHLESS && cost - bestCost + literals >= 0) return;
  bestFrom = from;
  bestLength = isWorth ? length : 0;
  bestDistance = distance;
  bestRepeat = repeat;
  bestCost = cost;
}

/** Of the offset, or of what it is said as. */
// @ts-ignore: decorator
@inline function valueOf(distance: i32, repeat: i32): i32 {
  if (repeat == SEEN_IN_TABLE) return distance + REPEAT_NUMBER;
  return reckonsWrittenRepeats ? repeat & REPEAT_NUMBER : repeat;
}
