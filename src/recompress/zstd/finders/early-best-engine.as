/** The speed `best` before 1.16.5: the twin of early-best-search.ts, which says what the encoder's rules are. */
import { enterAll, enterAt, indexOverlap, longSlotOf, push, shortSlotOf, TABLE_BYTES } from "./best-tables";
import { lengthBits, offsetBits } from "./bit-costs";
import {
  Cursor,
  enter,
  mayRepeat,
  mightRepeat,
  openBlock,
  propose,
  proposeLength,
  proposeSecond,
  reaches,
  sayRepeat,
  stretch,
} from "./block-cursor";
import { eightAt, fourAt, GIVEN, max, NOTED, TABLES, WINDOW } from "./finder-memory";
import { agreeFrom, areAlike, entryOf, forgetPositions, lowerPositions, positionIn } from "./position-table";
import { beginLog, count, faultFound, judge, notedCount } from "./sequence-log";

export { agreeFrom, count, enter, forgetPositions, GIVEN, indexOverlap, lowerPositions, NOTED, notedCount };
export { TABLE_BYTES, TABLES, WINDOW };

const SMALLEST_BLOCK_BYTES: i32 = 16;
const MARGIN_BYTES: i32 = 12;
const SHORTEST_FOUND: i32 = 4;
const GOOD_ENOUGH: i32 = 100;
const IMPATIENCE_BITS: i32 = 9;
const ESTIMATE_BITS: i32 = 10;
const WORTHLESS: i32 = 25_000;

/** How matches are compared. */
const EACH_WAY: i32 = 0;
const HALVES: i32 = 1;
const EARLIER_FIRST: i32 = 2;

/** Of the leading match's `repeat`. */
const NOTHING_SEEN: i32 = 0;
const SEEN_IN_TABLE: i32 = -1;

let contest: i32 = 0;
let toleratedBytes: i32 = 0;
let literalBits: i32 = 0;
let triesSecond: bool = false;
let unstretched: i32 = 0;

/** The match that leads. */
let bestFrom: i32 = 0;
let bestLength: i32 = 0;
let bestDistance: i32 = 0;
let bestRepeat: i32 = 0;
let bestCost: i32 = 0;

/** The one that led before a second half began, while that has its own. */
let firstFrom: i32 = 0;
let firstLength: i32 = 0;
let firstDistance: i32 = 0;
let firstRepeat: i32 = 0;
let firstCost: i32 = 0;

/** Which revision it is. */
export function choose(contested: i32, tolerated: i32): void {
  contest = contested;
  toleratedBytes = tolerated;
}

/** What a literal of the next block costs, in 1/1024 bits. */
export function reckon(bits: i32): void {
  literalBits = bits;
}

/** Finds the sequences of a block. Returns what is wrong with those given, 0 when nothing is. */
export function find(start: i32, end: i32, floor: i32, isOnlyBlock: i32, guide: i32, given: i32): i32 {
  openBlock(start, end, floor, isOnlyBlock != 0);
  beginLog(guide, given);
  triesSecond = false;
  unstretched = start;
  if (end - start >= SMALLEST_BLOCK_BYTES) Cursor.limit = end - MARGIN_BYTES;
  while (judge(Cursor.position < Cursor.limit && proposeNext())) {
    if (Cursor.limit > Cursor.start) settle();
  }
  return faultFound();
}

function proposeNext(): bool {
  return (triesSecond && proposeSecond()) || search();
}

function settle(): void {
  const repeat = Cursor.repeat;
  const from = Cursor.from;
  if (repeat == 5) {
    if (from < Cursor.limit) enterAt(from);
    return;
  }
  triesSecond = false;
  const position = Cursor.position;
  if (position >= Cursor.limit) return;
  enterAll(repeat == 0 ? from + 1 : max(from, unstretched), position - 1);
  triesSecond = repeat == 0 && mightRepeat();
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

function measureAt(at: i32): void {
  const eight = eightAt(at);
  const longSlot = longSlotOf(eight);
  const shortSlot = shortSlotOf(<u32>eight);
  const entry = entryOf(at, <u32>eight);
  clear(at);
  considerSeen(entry, load<u32>(longSlot));
  considerSeen(entry, load<u32>(longSlot, 4));
  beginSecondHalf(at);
  considerSeen(entry, load<u32>(shortSlot));
  considerSeen(entry, load<u32>(shortSlot, 4));
  meet();
  if (mayRepeat() && bestLength < GOOD_ENOUGH) {
    measureRepeats(at + 1);
    if (bestLength > 0) measureRepeats(at + 3);
  }
  push(longSlot, entry);
  push(shortSlot, entry);
}

function measureRepeats(at: i32): void {
  considerRepeat(at, Cursor.newest, 1);
  beginSecondHalf(at);
  considerRepeat(at, Cursor.second, 2);
  considerRepeat(at, Cursor.third, 3);
  meet();
}

function take(at: i32): bool {
  if (bestLength < GOOD_ENOUGH) lookAhead(at);
  unstretched = bestFrom;
  proposeLength(bestFrom, bestFrom - bestDistance, bestLength);
  if (bestRepeat <= 0) {
    stretch(bestFrom, Cursor.anchor);
    return true;
  }
  stretch(bestFrom, Cursor.anchor + 1);
  sayRepeat(bestRepeat);
  return true;
}

function lookAhead(at: i32): void {
  const next = eightAt(at + 1);
  const afterNext = eightAt(at + 2);
  const nextEntry = entryOf(at + 1, <u32>next);
  const entryAfterNext = entryOf(at + 2, <u32>afterNext);
  const nextSlot = longSlotOf(next);
  const slotAfterNext = longSlotOf(afterNext);
  considerSeen(nextEntry, load<u32>(shortSlotOf(<u32>next)));
  considerSeen(nextEntry, load<u32>(nextSlot));
  beginSecondHalf(at + 1);
  considerSeen(nextEntry, load<u32>(nextSlot, 4));
  considerSeen(entryAfterNext, load<u32>(slotAfterNext));
  considerSeen(entryAfterNext, load<u32>(slotAfterNext, 4));
  meet();
  lookBehindEnd();
}

/** Of the two matches that may end where the leading one does, both are measured from its start. */
function lookBehindEnd(): void {
  let from = bestFrom;
  let length = bestLength;
  if (from + length >= Cursor.limit) return;
  const slot = longSlotOf(eightAt(from + length));
  const older = positionIn(load<u32>(slot, 4));
  if (!considerEnding(from, length, positionIn(load<u32>(slot)))) return;
  if (contest == EARLIER_FIRST) {
    from = bestFrom;
    length = bestLength;
  }
  considerEnding(from, length, older);
}

/** Returns whether a match may begin that far back. */
function considerEnding(from: i32, length: i32, seen: i32): bool {
  const behind = seen - length + toleratedBytes;
  if (seen < 0 || behind < Cursor.floor) return false;
  consider(from + toleratedBytes, behind);
  return true;
}

// @ts-ignore: decorator
@inline function clear(at: i32): void {
  bestFrom = at;
  bestLength = 0;
  bestDistance = 0;
  bestRepeat = NOTHING_SEEN;
  bestCost = WORTHLESS;
}

/** Where halves meet only in the end, the second one begins with nothing. */
function beginSecondHalf(at: i32): void {
  if (contest != HALVES) return;
  firstFrom = bestFrom;
  firstLength = bestLength;
  firstDistance = bestDistance;
  firstRepeat = bestRepeat;
  firstCost = bestCost;
  clear(at);
}

/** The winner of the second half leads on only if it beats that of the first. */
function meet(): void {
  if (contest != HALVES || isBeaten(firstFrom, firstCost, bestFrom, bestCost)) return;
  bestFrom = firstFrom;
  bestLength = firstLength;
  bestDistance = firstDistance;
  bestRepeat = firstRepeat;
  bestCost = firstCost;
}

/** As `consider`, for an entry of a table. `entry` is that of the place where the match would begin. */
// @ts-ignore: decorator
@inline function considerSeen(entry: u32, known: u32): void {
  if (areAlike(known, entry)) consider(positionIn(entry), positionIn(known));
}

function consider(at: i32, seen: i32): void {
  if (!reaches(at, seen) || fourAt(at) != fourAt(seen)) return;
  propose(at, seen);
  compare(SEEN_IN_TABLE, Cursor.offsetValue);
}

function considerRepeat(at: i32, distance: i32, repeat: i32): void {
  const seen = at - distance;
  if (!reaches(at, seen) || fourAt(at) != fourAt(seen)) return;
  propose(at, seen);
  compare(repeat, repeat);
}

/** Lets the match that the cursor proposes lead, if it is worth its bits and better. */
function compare(repeat: i32, offsetValue: i32): void {
  const from = Cursor.from;
  const length = Cursor.length;
  const saved = (length * literalBits) >> ESTIMATE_BITS;
  const cost = offsetBits(offsetValue) + lengthBits(length) - saved;
  if (cost > 0 || !isBeaten(bestFrom, bestCost, from, cost)) return;
  bestFrom = from;
  bestLength = length;
  bestDistance = Cursor.distance;
  bestRepeat = repeat;
  bestCost = cost;
}

function isBeaten(leaderFrom: i32, leaderCost: i32, from: i32, cost: i32): bool {
  const ahead = ((from - leaderFrom) * literalBits) >> ESTIMATE_BITS;
  const behind = ((leaderFrom - from) * literalBits) >> ESTIMATE_BITS;
  if (contest == EACH_WAY) return leaderCost + behind >= cost + ahead;
  if (contest == HALVES) return leaderCost - cost + behind >= 0;
  return cost - leaderCost + ahead < 0;
}
