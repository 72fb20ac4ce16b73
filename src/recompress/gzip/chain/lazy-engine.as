/**
 * Lazy matching over hash chains: the twin of lazy-engine.ts with go-matcher.ts or zlib-matcher.ts and
 * chain-tables.ts, which say what the encoders' rules are.
 *
 * Every load and store names its region as a constant offset, so a position below 0 lies 4 GiB on, beyond the
 * memory's end, and traps.
 */

/** The plain window: 1 MiB and its slack. A position is an offset in it. */
export const WINDOW: i32 = 0;
export const WINDOW_BYTES: i32 = 1 << 20;
/** Tokens to follow, or chosen. */
export const TOKENS: i32 = WINDOW + WINDOW_BYTES + 4096;
export const TOKEN_ROOM: i32 = 4096;
/** For each of the last 32768 positions, 16 bits: the step back to the one before it under its hash. */
export const BACK: i32 = TOKENS + TOKEN_ROOM * 4;
/** For each hash the newest position, 32 bits. */
export const NEWEST: i32 = BACK + 32768 * 2;

const LONGEST_MATCH: i32 = 258;
const REACH: i32 = 32768;
const SLOT: i32 = REACH - 1;
const UNKNOWN: i32 = -1;
/** Three bytes for zlib and four for Go from farther away are not taken. */
const FARTHEST_OF_SHORTEST: i32 = 4096;
const MEMORY_BYTES: i32 = 2 * REACH;
const LAST_BEFORE_MOVE: i32 = MEMORY_BYTES - (LONGEST_MATCH + 4);
const ZLIB_FARTHEST: i32 = REACH - (LONGEST_MATCH + 4);

let isGo: bool = true;
let shortest: i32 = 4;
let good: i32 = 0;
let lazy: i32 = 0;
let nice: i32 = 0;
let tries: i32 = 0;

let end: i32 = 0;
let memory: i32 = 0;
let first: i32 = 0;
let entered: i32 = 0;
/** Of the last search. */
let foundDistance: i32 = 0;

let position: i32 = 0;
let limit: i32 = 0;
let length: i32 = UNKNOWN;
let distance: i32 = 0;
let nextLength: i32 = UNKNOWN;
let nextDistance: i32 = 0;

/** Call once. `flavour` is 0 for Go and 1 for zlib. */
export function choose(flavour: i32, fromGood: i32, lazyUntil: i32, niceLength: i32, most: i32): void {
  isGo = flavour == 0;
  shortest = isGo ? 4 : 3;
  good = fromGood;
  lazy = lazyUntil;
  nice = niceLength;
  tries = most;
}

/** `start` and what the encoder has in memory are for Go only; `dictionaryEnd` is 0 without a dictionary. */
export function begin(from: i32, at: i32, memoryStart: i32, isDictionary: i32): void {
  position = at;
  length = UNKNOWN;
  end = at;
  memory = memoryStart;
  first = isGo ? from : from + 1;
  entered = from;
  if (!isGo || isDictionary == 0) return;
  enterUntil(at - shortest + 1);
  if (at > entered) entered = at;
}

export function supply(known: i32, until: i32): void {
  end = known;
  limit = until;
}

/** Lowers all positions, those of `hashes` hashes among them. */
export function slide(by: i32, hashes: i32): void {
  for (let hash = 0; hash < hashes << 2; hash += 4) {
    store<i32>(hash, max(load<i32>(hash, NEWEST) - by, -1), NEWEST);
  }
  end -= by;
  memory -= by;
  first = first - by;
  const floor = isGo ? 0 : -1;
  if (first < floor) first = floor;
  entered -= by;
  position -= by;
  limit -= by;
}

/** Follows tokens from index 0 on up to index `to`. Returns the index where it stopped. */
export function follow(to: i32): i32 {
  let index = 0;
  while (index < to && position < limit) {
    const token = chooseToken();
    if (token != load<u32>(index << 2, TOKENS)) return index;
    accept(token);
    index++;
  }
  return index;
}

/** Chooses up to `to` tokens that begin before `until`. Returns how many. */
export function produce(to: i32, until: i32): i32 {
  const stop = limit < until ? limit : until;
  if (to > TOKEN_ROOM) unreachable();
  let index = 0;
  while (index < to && position < stop) {
    const token = chooseToken();
    store<u32>(index++ << 2, token, TOKENS);
    accept(token);
  }
  return index;
}

/** Passes over tokens up to `until`, but none that reaches beyond. Returns how many. */
export function pass(until: i32): i32 {
  const stop = limit < until ? limit : until;
  let count = 0;
  for (; position < stop; count++) {
    const token = chooseToken();
    if (position + <i32>(token >> 16) > until) break;
    accept(token);
  }
  return count;
}

export function consider(): void {
  chooseToken();
}

export function force(token: u32): void {
  const size: i32 = token >> 16;
  position += size == 0 ? 1 : size;
  length = UNKNOWN;
}

export function takeUp(pendingLength: i32, pendingDistance: i32): void {
  length = pendingLength;
  distance = pendingDistance;
}

/** Does what would be done first in any case. */
export function settle(): void {
  if (length == UNKNOWN) look();
  enterUntil(position + 1);
  if (isGo) moveOn(entered);
}

export function getPosition(): i32 {
  return position;
}

export function getLength(): i32 {
  return length;
}

export function getDistance(): i32 {
  return distance;
}

export function getEntered(): i32 {
  return entered;
}

/** Where the encoder's memory begins, if that matters. */
export function getMemory(): i32 {
  return isGo ? memory : entered;
}

/** The first position that is in reach of what is still to come. */
export function getLowest(): i32 {
  const lowest = max(entered - REACH, first);
  return isGo ? max(lowest, memory) : lowest;
}

function look(): void {
  length = find(position, shortest - 1);
  distance = foundDistance;
}

function chooseToken(): u32 {
  if (length == UNKNOWN) look();
  nextLength = UNKNOWN;
  if (length == 0) return load<u8>(position, WINDOW);
  if (length < lazy) {
    const longer = find(position + 1, length);
    if (longer > length) {
      nextLength = longer;
      nextDistance = foundDistance;
      return load<u8>(position, WINDOW);
    }
  }
  return (length << 16) | distance;
}

// @ts-ignore: decorator
@inline function accept(token: u32): void {
  const size: i32 = token >> 16;
  position += size == 0 ? 1 : size;
  length = nextLength;
  distance = nextDistance;
}

function enterUntil(until: i32): void {
  const last = min(until, end - shortest + 1);
  let at = entered;
  if (isGo) {
    for (; at < last; at++) enter(at, (bswap<u32>(wordAt(at)) * 0x1e35a7bd) >> 15);
  } else {
    for (; at < last; at++) {
      const word = wordAt(at);
      enter(at, ((word << 10) ^ ((word >> 3) & 0x1fe0) ^ ((word >> 16) & 0xff)) & 0x7fff);
    }
  }
  entered = at;
}

// @ts-ignore: decorator
@inline function enter(at: i32, hash: u32): void {
  const step = at - load<i32>(hash << 2, NEWEST);
  store<u16>((at & SLOT) << 1, step > 0xffff ? 0xffff : step, BACK);
  store<i32>(hash << 2, at, NEWEST);
}

/** The length of the match that the encoder takes; 0 when there is none longer. */
function find(at: i32, longerThan: i32): i32 {
  if (entered <= at) enterUntil(at + 1);
  const ahead = end - at;
  if (ahead <= longerThan) return 0;
  return isGo ? findGo(at, longerThan, ahead) : findZlib(at, longerThan, ahead);
}

function findGo(at: i32, longerThan: i32, ahead: i32): i32 {
  if (at - memory > LAST_BEFORE_MOVE) moveOn(at);
  const lowest = max(max(at - REACH, memory), first);
  const most = min(ahead, LONGEST_MATCH);
  const enough = min(nice, most);
  let best = longerThan;
  let source = at;
  let wanted = wordAt(at + best - 3);
  let candidate = before(at);
  for (let left = tries; candidate >= lowest && left > 0; left--) {
    if (wordAt(candidate + best - 3) == wanted) {
      const alike = alikeBytes(candidate, at);
      if (alike > best && (alike > 4 || at - candidate <= FARTHEST_OF_SHORTEST)) {
        best = alike;
        source = candidate;
        if (alike >= enough) break;
        wanted = wordAt(at + best - 3);
      }
    }
    candidate = before(candidate);
  }
  foundDistance = at - source;
  return source == at ? 0 : min(best, most);
}

function findZlib(at: i32, longerThan: i32, ahead: i32): i32 {
  const most = min(ahead, LONGEST_MATCH);
  const enough = min(nice, most);
  const newest = before(at);
  const farthest = at - ZLIB_FARTHEST + (newest == at - ZLIB_FARTHEST ? 0 : 1);
  const lowest = max(farthest, first);
  let left = longerThan >= good ? tries >> 2 : tries;
  let best = longerThan;
  let source = at;
  let offset = max(best - 3, 0);
  let mask: u32 = best < 3 ? 0xffffff : 0xffffffff;
  let wanted = wordAt(at + offset);
  let candidate = newest;
  for (; candidate >= lowest && left > 0; left--) {
    if (((wordAt(candidate + offset) ^ wanted) & mask) == 0) {
      const alike = alikeBytes(candidate, at);
      if (alike > best) {
        best = alike;
        source = candidate;
        if (alike >= enough) break;
        offset = best - 3;
        mask = 0xffffffff;
        wanted = wordAt(at + offset);
      }
    }
    candidate = before(candidate);
  }
  foundDistance = at - source;
  if (source == at) return 0;
  best = min(best, most);
  return best == 3 && foundDistance > FARTHEST_OF_SHORTEST ? 0 : best;
}

function moveOn(at: i32): void {
  while (at - memory > LAST_BEFORE_MOVE && end - memory > MEMORY_BYTES) memory += REACH;
}

// @ts-ignore: decorator
@inline function before(at: i32): i32 {
  return at - load<u16>((at & SLOT) << 1, BACK);
}

/** How many bytes are alike: up to 264, whatever follows the bytes that count. The caller cuts it. */
// @ts-ignore: decorator
@inline function alikeBytes(earlier: i32, later: i32): i32 {
  for (let size: i32 = 0; size < 264; size += 8) {
    const difference = load<u64>(earlier + size, WINDOW) ^ load<u64>(later + size, WINDOW);
    if (difference != 0) return size + <i32>(ctz(difference) >> 3);
  }
  return 264;
}

// @ts-ignore: decorator
@inline function wordAt(at: i32): u32 {
  return load<u32>(at, WINDOW);
}

// @ts-ignore: decorator
@inline function max(one: i32, other: i32): i32 {
  return one > other ? one : other;
}

// @ts-ignore: decorator
@inline function min(one: i32, other: i32): i32 {
  return one < other ? one : other;
}
