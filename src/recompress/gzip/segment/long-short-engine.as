/**
 * Levels 5 and 6 of klauspost's flate and of Go from 1.27 on: the twin of long-short-search.ts,
 * levels/level-5-engine.ts and levels/level-6-engine.ts, which say what the encoder's rules are.
 */
import {
  common,
  commonBefore,
  FARTHEST,
  hash4,
  hash7,
  isMatch,
  lower,
  max,
  min,
  TABLES,
  TOKENS,
  WANTED,
  WINDOW,
  WINDOW_BYTES,
  wordAt,
} from "./segment-memory";
import {
  beginTrail,
  isSettled,
  notedCount,
  putLiterals,
  putMatch,
  reached,
  tokenCount,
  trailAt,
  trailForced,
  trailSince,
} from "./token-trail";

export { isSettled, lower, notedCount, reached, TABLES, tokenCount, TOKENS, WANTED, WINDOW, WINDOW_BYTES };

const NOTHING: i32 = 0;
const AT_LATEST: i32 = 1;
const AT_PREVIOUS: i32 = 2;
const AT_SHORT: i32 = 3;

const TABLE_BITS: i32 = 15;
const SHORT: i32 = TABLES;
const LONG: i32 = SHORT + (4 << TABLE_BITS);
/** Of a pair in the long table, the older position. */
const OLDER: i32 = LONG + 4;

const MARGIN_BYTES: i32 = 11;
const LONGEST_MATCH: i32 = 258;
const LONG_ENOUGH: i32 = 30;
const UNINDEXED_BYTES: i32 = 8;

let isThorough: bool = false;
let lookPast: i32 = 2;

let at: i32 = 0;
let from: i32 = 0;
let length: i32 = 0;
let next: i32 = 0;
let since: i32 = 0;
let limit: i32 = 0;
let end: i32 = 0;
let previous: i32 = 0;
let nextShort: u32 = 0;
let nextLong: u32 = 0;
/** Of the match before. */
let distance: i32 = 1;

/**
 * Call once.
 *
 * `level` is 5 or 6; `past` is how many bytes of a match by its end need not be the same: 2, in the first
 * revision 0.
 */
export function choose(level: i32, past: i32): void {
  isThorough = level == 6;
  lookPast = past;
}

/** Runs a segment. `guide` is 0 for none, 1 to follow what is wanted, 2 to replay so many `fixes`. */
export function run(
  start: i32,
  spanEnd: i32,
  base: i32,
  isSearched: i32,
  guide: i32,
  fixes: i32,
): void {
  beginTrail(start, spanEnd, guide, fixes);
  at = start;
  since = start;
  end = spanEnd;
  limit = spanEnd - MARGIN_BYTES;
  distance = 1;
  if (isSearched != 0) {
    if (isThorough) matches6(base);
    else matches5(base);
  }
  putLiterals(spanEnd);
}

function matches5(base: i32): void {
  for (;;) {
    const found = find(6);
    if (found == NOTHING) return;
    if (found == AT_SHORT) takeShort(false, 0);
    else takeLong(found);
    finish();
    tryByEnd5(base);
    if (!emit(base)) continue;
    if (at >= limit) return;
    index5();
  }
}

function matches6(base: i32): void {
  for (;;) {
    const found = find(7);
    if (found == NOTHING) return;
    if (found == AT_SHORT) takeShort(true, max(at + 1 - distance, base));
    else takeLong(found);
    finish();
    tryByEnd6(base);
    if (!emit(base)) continue;
    if (at >= limit) {
      indexRest();
      return;
    }
    index6();
  }
}

/** Searches from `at` on. The position `next` has been looked up then, but is in no table yet. */
// @ts-ignore: decorator
@inline function find(patience: i32): i32 {
  const stop = limit;
  const first = since;
  let ahead = at;
  let shortSlot = shortSlotOf(ahead);
  let longSlot = longSlotOf(ahead);
  for (;;) {
    const here = ahead;
    ahead = here + 1 + ((here - first) >> patience);
    if (ahead > stop) return NOTHING;
    const short = load<i32>(shortSlot, SHORT);
    const latest = load<i32>(longSlot, LONG);
    const older = load<i32>(longSlot, OLDER);
    store<i32>(shortSlot, here, SHORT);
    store<i32>(longSlot, latest, OLDER);
    store<i32>(longSlot, here, LONG);
    shortSlot = shortSlotOf(ahead);
    longSlot = longSlotOf(ahead);
    const word = wordAt(here);
    let found: i32;
    if (here - latest < FARTHEST) {
      if (wordAt(latest) == word) {
        found = AT_LATEST;
        from = latest;
      } else if (isMatch(here, older, word)) {
        found = AT_PREVIOUS;
        from = older;
      } else if (isMatch(here, short, word)) {
        found = AT_SHORT;
        from = short;
      } else continue;
    } else if (isMatch(here, short, word)) {
      found = AT_SHORT;
      from = short;
    } else continue;
    nextShort = shortSlot;
    nextLong = longSlot;
    next = ahead;
    previous = older;
    at = here;
    length = 0;
    return found;
  }
}

/** Takes what was found in the long table: of two matches the longer, the latest if equal. */
function takeLong(found: i32): void {
  indexNext();
  if (found != AT_LATEST || !isMatch(at, previous, wordAt(at))) return;
  length = measured(at, from);
  const other = measured(at, previous);
  if (other > length) take(at, previous, other);
}

/** Takes what was found in the short table, or a longer match at the next position. */
// @ts-ignore: decorator
@inline function takeShort(isLevel6: bool, repeated: i32): void {
  const latest = load<i32>(nextLong, LONG);
  const older = load<i32>(nextLong, OLDER);
  length = measured(at, from);
  indexNext();
  if (isLevel6 && tryAt(at + 1, repeated)) return;
  if (next - latest >= FARTHEST) return;
  const isLonger = tryAt(next, latest);
  if (isLonger && !isLevel6) return;
  if (next - older < FARTHEST) tryAt(next, older);
}

function tryAt(place: i32, source: i32): bool {
  if (wordAt(source) != wordAt(place)) return false;
  const other = measured(place, source);
  if (other <= length) return false;
  take(place, source, other);
  return true;
}

/** Measures the match to its end, if that was not done while choosing. */
function finish(): void {
  if (length == 0) length = common(at + 4, from + 4, end) + 4;
  else if (length == LONGEST_MATCH)
    length += common(at + LONGEST_MATCH, from + LONGEST_MATCH, end);
}

/** The length of a match whose first four bytes are known to be the same. */
function measured(place: i32, source: i32): i32 {
  return common(place + 4, source + 4, min(place + LONGEST_MATCH, end)) + 4;
}

// @ts-ignore: decorator
@inline function take(place: i32, source: i32, size: i32): void {
  at = place;
  from = source;
  length = size;
}

function tryByEnd5(base: i32): void {
  const matchEnd = at + length;
  if (length >= LONG_ENOUGH || matchEnd >= limit) return;
  const back = matchEnd - load<i32>(longSlotOf(matchEnd), LONG);
  const later = at + lookPast;
  const source = later - back;
  if (source < base || back >= FARTHEST || back <= 0) return;
  const longer = common(later, source, end);
  if (longer > length) take(later, source, longer);
}

function tryByEnd6(base: i32): void {
  const matchEnd = at + length;
  if (matchEnd >= limit) return;
  const slot = longSlotOf(matchEnd);
  const latest = load<i32>(slot, LONG);
  if (matchEnd - latest >= FARTHEST) return;
  const older = load<i32>(slot, OLDER);
  const later = at + lookPast;
  tryFrom(later, latest - length + lookPast, base);
  tryFrom(later, older - length + lookPast, base);
}

function tryFrom(place: i32, source: i32, base: i32): void {
  const back = place - source;
  if (source < base || back >= FARTHEST || back <= 0) return;
  const longer = common(place, source, end);
  if (longer > length) take(place, source, longer);
}

/** Returns false when the encoder chose a literal instead: the search goes on behind it. */
function emit(base: i32): bool {
  const back = at - from;
  const before = commonBefore(at, from, max(trailAt(), base + back));
  length += before;
  const isForeseen = putMatch(at - before, back, length);
  at = max(trailAt(), next + 1);
  since = trailSince();
  if (isForeseen) {
    distance = back;
    return true;
  }
  const forced = trailForced();
  if (forced < 256) return false;
  length = forced >> 16;
  distance = forced & 0xffff;
  return true;
}

function index5(): void {
  const last = at - 1;
  let here = at - length + 1;
  if (here < last) {
    indexShort(here);
    indexLong(here);
    indexLong(here + 1);
    indexShort(here + 2);
    for (here += 4; here < last; here += 3) {
      indexLong(here);
      indexShort(here + 1);
    }
  }
  indexShort(last);
  indexLong(last);
}

function index6(): void {
  const last = at - 1;
  for (let here = next + 1; here < last; here += 2) {
    indexShort(here);
    indexLong(here);
    indexLong(here + 1);
  }
}

function indexRest(): void {
  const last = end - UNINDEXED_BYTES;
  for (let here = next + 1; here < last; here += 2) {
    indexShort(here);
    indexLong(here);
  }
}

// @ts-ignore: decorator
@inline function indexShort(place: i32): void {
  store<i32>(shortSlotOf(place), place, SHORT);
}

// @ts-ignore: decorator
@inline function indexLong(place: i32): void {
  const slot = longSlotOf(place);
  store<i32>(slot, load<i32>(slot, LONG), OLDER);
  store<i32>(slot, place, LONG);
}

function indexNext(): void {
  const slot = nextLong;
  store<i32>(nextShort, next, SHORT);
  store<i32>(slot, load<i32>(slot, LONG), OLDER);
  store<i32>(slot, next, LONG);
}

/** A slot's place in its table, in bytes. */
// @ts-ignore: decorator
@inline function shortSlotOf(place: i32): u32 {
  return (hash4(wordAt(place)) >> (32 - TABLE_BITS)) << 2;
}

// @ts-ignore: decorator
@inline function longSlotOf(place: i32): u32 {
  return (hash7(place) >> (32 - TABLE_BITS)) << 3;
}
