/** The speed `better`: the twin of better-search.ts, which says what the encoder's rules are. */
import {
  commonLength,
  Cursor,
  enter,
  isRun,
  mightRepeat,
  openBlock,
  propose,
  proposeLength,
  proposeSecond,
  reaches,
  repeatableOffset,
  sayRepeat,
  stretch,
} from "./block-cursor";
import { eightAt, fourAt, GIVEN, hash5, hash8, max, NOTED, TABLES, WINDOW } from "./finder-memory";
import { agreeFrom, areAlike, entryAt, entryOf, forgetPositions, lowerPositions, positionIn } from "./position-table";
import { beginLog, count, faultFound, judge, notedCount } from "./sequence-log";

export { agreeFrom, count, enter, forgetPositions, GIVEN, lowerPositions, NOTED, notedCount };
export { TABLES, WINDOW };

const SMALLEST_BLOCK_BYTES: i32 = 16;
const MARGIN_BYTES: i32 = 10;
const LONG_BITS: i32 = 19;
const SHORT_BITS: i32 = 13;
const IMPATIENCE_BITS: i32 = 8;
const INDEX_STEP: i32 = 2;
const OVERLAP_MARGIN: i32 = 8;
/** Out of reach. */
const NEVER: i32 = -1;

const LONG: i32 = TABLES;
/** Of a pair in the long table, the older entry. */
const OLDER: i32 = LONG + 4;
const SHORT: i32 = LONG + (8 << LONG_BITS);
export const TABLE_BYTES: i32 = (8 << LONG_BITS) + (4 << SHORT_BITS);

let toleratedBytes: i32 = 0;
let indexesFromSearch: bool = false;
let takesRunsWhole: bool = false;
let triesSecond: bool = false;
let unsearched: i32 = 0;

/** Which revision it is. Call once. */
export function choose(tolerated: i32, fromSearch: i32, runsWhole: i32): void {
  toleratedBytes = tolerated;
  indexesFromSearch = fromSearch != 0;
  takesRunsWhole = runsWhole != 0;
}

/** Finds the sequences of a block. Returns what is wrong with those given, 0 when nothing is. */
export function find(start: i32, end: i32, floor: i32, isOnlyBlock: i32, guide: i32, given: i32): i32 {
  openBlock(start, end, floor, isOnlyBlock != 0);
  beginLog(guide, given);
  triesSecond = false;
  unsearched = start;
  if (takesRunsWhole && isRun()) {
    proposeLength(start + 1, start, end - start - 1);
    if (!judge(true)) return faultFound();
  } else if (end - start >= SMALLEST_BLOCK_BYTES) Cursor.limit = end - MARGIN_BYTES;
  while (judge(Cursor.position < Cursor.limit && proposeNext())) {
    if (Cursor.limit > Cursor.start) settle();
  }
  return faultFound();
}

/** Indexes the bytes before a job. */
export function indexOverlap(from: i32, to: i32): void {
  indexPairs(from, to - OVERLAP_MARGIN);
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
    const longSlot = place + (hash8(eight, LONG_BITS) << 3);
    const shortSlot = place + (hash5(eight, SHORT_BITS) << 2);
    const entry = entryOf(at, <u32>eight);
    const knownNewer = load<u32>(longSlot, LONG);
    const knownOlder = load<u32>(longSlot, OLDER);
    const knownShort = load<u32>(shortSlot, SHORT);
    store<u32>(shortSlot, entry, SHORT);
    store<u32>(longSlot, knownNewer, OLDER);
    store<u32>(longSlot, entry, LONG);
    const repeated = at + 1 - offset;
    if (repeated >= floor && fourAt(repeated) == <u32>(eight >> 8)) return takeRepeat(at);
    const oldest = max(at - windowSize + 1, floor);
    if (areAlike(knownNewer, entry)) {
      const seen = positionIn(knownNewer);
      const isInReach = seen >= oldest && seen < at;
      if (isInReach && eightAt(seen) == eight) return takeLong(at, seen, positionIn(knownOlder));
    }
    if (areAlike(knownOlder, entry)) {
      const seen = positionIn(knownOlder);
      const isInReach = seen >= oldest && seen < at;
      if (isInReach && eightAt(seen) == eight) return takeLong(at, seen, NEVER);
    }
    if (areAlike(knownShort, entry)) {
      const seen = positionIn(knownShort);
      const isInReach = seen >= oldest && seen < at;
      if (isInReach && fourAt(seen) == <u32>eight) return takeShort(at, seen);
    }
    at += 1 + ((at - anchor) >> IMPATIENCE_BITS);
  }
  return false;
}

function takeRepeat(at: i32): bool {
  unsearched = at + 1;
  propose(at + 1, at + 1 - Cursor.newest);
  stretch(at, Cursor.anchor + 1);
  sayRepeat(1);
  return true;
}

/** `second` is perhaps longer than the first one. */
function takeLong(at: i32, first: i32, second: i32): bool {
  unsearched = at + 1;
  propose(at, first);
  if (reaches(at, second) && eightAt(at) == eightAt(second)) prefer(at, second);
  return finish();
}

function takeShort(at: i32, seen: i32): bool {
  unsearched = at + 1;
  const next = at + 1;
  const slot = longSlotOf(next);
  const knownNewer = load<u32>(slot, LONG);
  const knownOlder = load<u32>(slot, OLDER);
  store<u32>(slot, knownNewer, OLDER);
  store<u32>(slot, entryAt(next), LONG);
  propose(at, seen);
  if (!preferNext(at, positionIn(knownNewer))) preferNext(at, positionIn(knownOlder));
  return finish();
}

function preferNext(at: i32, seen: i32): bool {
  const isInReach = reaches(at, seen) || seen == at;
  return isInReach && eightAt(at + 1) == eightAt(seen) && prefer(at + 1, seen);
}

/** Proposes the match that begins at `at` when it is longer. Its first four bytes agree. */
function prefer(at: i32, seen: i32): bool {
  const length = commonLength(at + 4, seen + 4) + 4;
  if (length <= Cursor.length) return false;
  proposeLength(at, seen, length);
  return true;
}

function finish(): bool {
  const from = Cursor.from;
  const behindEnd = from + Cursor.length;
  if (behindEnd < Cursor.limit) {
    const slot = longSlotOf(behindEnd);
    const newer = positionIn(load<u32>(slot, LONG));
    const older = positionIn(load<u32>(slot, OLDER));
    preferEnding(newer, from);
    preferEnding(older, from);
  }
  stretch(Cursor.from, Cursor.anchor);
  return true;
}

/** `seen` is where the byte behind the match that began at `from` was seen. */
function preferEnding(seen: i32, from: i32): void {
  const at = from + toleratedBytes;
  const behind = seen - Cursor.length + toleratedBytes;
  if (seen >= 0 && reaches(at, behind) && fourAt(at) == fourAt(behind)) prefer(at, behind);
}

function settle(): void {
  if (Cursor.repeat == 5) {
    indexSecond();
    return;
  }
  triesSecond = false;
  const position = Cursor.position;
  if (position >= Cursor.limit) return;
  const isOwn = Cursor.repeat == 0;
  indexPairs(isOwn && !indexesFromSearch ? Cursor.from + 1 : unsearched, position - 1);
  unsearched = position;
  triesSecond = isOwn && mightRepeat();
}

function indexSecond(): void {
  const from = Cursor.from;
  if (from >= Cursor.limit) return;
  enterLong(from);
  enterShort(from);
}

function indexPairs(from: i32, to: i32): void {
  for (let at = from; at < to; at += INDEX_STEP) {
    enterLong(at);
    enterShort(at + 1);
  }
}

// @ts-ignore: decorator
@inline function enterLong(at: i32): void {
  const slot = longSlotOf(at);
  store<u32>(slot, load<u32>(slot, LONG), OLDER);
  store<u32>(slot, entryAt(at), LONG);
}

// @ts-ignore: decorator
@inline function enterShort(at: i32): void {
  store<u32>(Cursor.place + (hash5(eightAt(at), SHORT_BITS) << 2), entryAt(at), SHORT);
}

// @ts-ignore: decorator
@inline function longSlotOf(at: i32): i32 {
  return Cursor.place + (hash8(eightAt(at), LONG_BITS) << 3);
}
