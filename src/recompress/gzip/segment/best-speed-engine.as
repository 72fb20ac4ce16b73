/**
 * BestSpeed, level 1, of Go up to 1.26: the twin of levels/best-speed-engine.ts, which says what the encoder's
 * rules are.
 */
import {
  common,
  FARTHEST,
  lower,
  max,
  min,
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
} from "./token-trail";

export { isSettled, lower, notedCount, reached, TABLES, tokenCount, TOKENS, WANTED, WINDOW, WINDOW_BYTES };

const TABLE_BITS: i32 = 14;
const MARGIN_BYTES: i32 = 15;
const LONGEST_MATCH: i32 = 258;
const PATIENCE: i32 = 5;
const FIRST_SKIP: i32 = 1 << PATIENCE;

let at: i32 = 0;
let from: i32 = 0;
let limit: i32 = 0;

/** There is nothing to choose. */
export function choose(_level: i32, _revision: i32): void {}

/** Runs a segment. `guide` is 0 for none, 1 to follow what is wanted, 2 to replay so many `fixes`. */
export function run(
  start: i32,
  end: i32,
  _base: i32,
  isSearched: i32,
  guide: i32,
  fixes: i32,
): void {
  beginTrail(start, end, guide, fixes);
  at = start;
  limit = end - MARGIN_BYTES;
  if (isSearched != 0) matches(end);
  putLiterals(end);
}

function matches(end: i32): void {
  while (find()) {
    do {
      if (!emit(end)) break;
      if (at >= limit) return;
    } while (findAtOnce());
  }
}

function find(): bool {
  let next = at;
  let skip = FIRST_SKIP;
  for (;;) {
    const here = next;
    const step = skip >> PATIENCE;
    next += step;
    skip += step;
    if (next > limit) return false;
    const candidate = lookUp(here);
    if (here - candidate > FARTHEST || wordAt(candidate) != wordAt(here)) continue;
    at = here;
    from = candidate;
    return true;
  }
}

/** Returns false when the encoder chose a literal instead: the search goes on behind it. */
function emit(end: i32): bool {
  const length = common(at + 4, from + 4, min(at + LONGEST_MATCH, end)) + 4;
  const isForeseen = putMatch(at, at - from, length);
  at = max(trailAt(), at + 1);
  return isForeseen || trailForced() > 255;
}

function findAtOnce(): bool {
  store<i32>(slotOf(at - 1), at - 1, TABLES);
  const candidate = lookUp(at);
  if (at - candidate <= FARTHEST && wordAt(candidate) == wordAt(at)) {
    from = candidate;
    return true;
  }
  at++;
  return false;
}

/** What the table has for the bytes at `place`, which takes its place. */
// @ts-ignore: decorator
@inline function lookUp(place: i32): i32 {
  const slot = slotOf(place);
  const candidate = load<i32>(slot, TABLES);
  store<i32>(slot, place, TABLES);
  return candidate;
}

/** A slot's place in the table, in bytes. */
// @ts-ignore: decorator
@inline function slotOf(place: i32): u32 {
  return (oldHash4(wordAt(place)) >> (32 - TABLE_BITS)) << 2;
}
