/**
 * Levels 1 and 2 of klauspost's flate and of Go from 1.27 on: the twin of levels/single-table-engine.ts, which
 * says what the encoder's rules are.
 */
import {
  common,
  commonBefore,
  FARTHEST,
  hash4,
  hash5,
  hash5OfFour,
  isMatch,
  lower,
  max,
  oldHash4,
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

const MARGIN_BYTES: i32 = 11;
const PATIENCE: i32 = 5;
const FIRST_REVISION_MARGIN_BYTES: i32 = 4;

let isDense: bool = false;
let isFirstRevision: bool = false;
let shift: u32 = 17;

let at: i32 = 0;
let from: i32 = 0;
let length: i32 = 0;
let seen: i32 = 0;
let since: i32 = 0;
let limit: i32 = 0;

/** Call once. `level` is 1 or 2; `isFirst` is 1 for the first revision. */
export function choose(level: i32, isFirst: i32): void {
  isDense = level == 2;
  isFirstRevision = isFirst != 0;
  shift = isDense ? 32 - 17 : 32 - 15;
}

/** Runs a segment. `guide` is 0 for none, 1 to follow what is wanted, 2 to replay so many `fixes`. */
export function run(
  start: i32,
  end: i32,
  base: i32,
  isSearched: i32,
  guide: i32,
  fixes: i32,
): void {
  beginTrail(start, end, guide, fixes);
  at = start;
  since = start;
  limit = end - MARGIN_BYTES;
  if (isSearched != 0) matches(base, end);
  putLiterals(end);
}

function matches(base: i32, end: i32): void {
  while (find()) {
    do {
      measure(base, end);
      if (!emit()) break;
      if (at >= limit) {
        indexEnd(end);
        return;
      }
    } while (findAtOnce());
  }
}

function find(): bool {
  let here = at;
  let next = after(here);
  while (next <= limit) {
    let slot = slotOf(here);
    let candidate = load<i32>(slot, TABLES);
    store<i32>(slot, here, TABLES);
    slot = slotOf(next);
    if (isMatch(here, candidate, wordAt(here))) {
      store<i32>(slot, next, TABLES);
      take(here, candidate, next);
      return true;
    }
    here = next++;
    candidate = load<i32>(slot, TABLES);
    store<i32>(slot, here, TABLES);
    if (isMatch(here, candidate, wordAt(here))) {
      if (!isDense) store<i32>(slot, next, TABLES);
      take(here, candidate, next);
      return true;
    }
    here = next;
    next = after(here);
  }
  return false;
}

/** The second of the two positions that are looked up from `here` on. */
// @ts-ignore: decorator
@inline function after(here: i32): i32 {
  return here + 2 + ((here - since) >> PATIENCE);
}

// @ts-ignore: decorator
@inline function take(place: i32, source: i32, next: i32): void {
  at = place;
  from = source;
  seen = next;
}

function measure(base: i32, end: i32): void {
  const behind = common(at + 4, from + 4, end) + 4;
  const before = commonBefore(at, from, max(trailAt(), base + at - from));
  at -= before;
  from -= before;
  length = before + behind;
}

/** Returns false when the encoder chose a literal instead: the search goes on behind it. */
function emit(): bool {
  const isForeseen = putMatch(at, at - from, length);
  at = max(trailAt(), seen + 1);
  since = trailSince();
  if (isForeseen) return true;
  const forced = trailForced();
  if (forced < 256) return false;
  length = forced >> 16;
  return true;
}

function findAtOnce(): bool {
  if (isDense) indexWithin();
  else index(at - 2);
  const slot = slotOf(at);
  const candidate = load<i32>(slot, TABLES);
  store<i32>(slot, at, TABLES);
  seen = at;
  if (at - candidate <= FARTHEST && wordAt(candidate) == wordAt(at)) {
    from = candidate;
    return true;
  }
  at++;
  return false;
}

function indexWithin(): void {
  for (let here = at - length + 2; here < at - 5; here += 7) {
    index(here);
    index(here + 2);
    store<i32>(slotOfFour(here + 4), here + 4, TABLES);
  }
  index(at - 2);
  index(at - 1);
}

function indexEnd(end: i32): void {
  if (isFirstRevision && at + length + FIRST_REVISION_MARGIN_BYTES < end) index(at);
}

// @ts-ignore: decorator
@inline function index(place: i32): void {
  store<i32>(slotOf(place), place, TABLES);
}

/** A slot's place in the table, in bytes. */
// @ts-ignore: decorator
@inline function slotOf(place: i32): u32 {
  return ((isFirstRevision ? firstHash(place) : hash5(place)) >> shift) << 2;
}

// @ts-ignore: decorator
@inline function slotOfFour(place: i32): u32 {
  return ((isFirstRevision ? firstHash(place) : hash5OfFour(place)) >> shift) << 2;
}

// @ts-ignore: decorator
@inline function firstHash(place: i32): u32 {
  const word = wordAt(place);
  return isDense ? hash4(word) : oldHash4(word);
}
