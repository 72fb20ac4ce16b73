/**
 * Takes an engine's choices and sets what the encoder really chose against them. The twin of token-trail.ts.
 *
 * A token is stored only where there is room: one for each byte of the span, which `begin` makes sure of.
 */
import { byteAt, TOKENS, TOKENS_BYTES, WANTED } from "./segment-memory";

const FOLLOW: i32 = 1;
const REPLAY: i32 = 2;
const LONGEST_MATCH: i32 = 258;
const SHORTEST_MATCH: i32 = 3;
const NO_FIX: u32 = 0xffffffff;

let mode: i32 = 0;
let count: u32 = 0;
let at: i32 = 0;
let since: i32 = 0;
let forced: u32 = 0;
/** Fixes that a `follow` noted, or of a `replay` how many there are, which is next, and its index. */
let noted: u32 = 0;
let fixCount: u32 = 0;
let fixAt: u32 = 0;
let fixIndex: u32 = NO_FIX;

// @ts-ignore: decorator
@inline export function trailAt(): i32 {
  return at;
}

/** Where the last match ended, or the segment began. */
// @ts-ignore: decorator
@inline export function trailSince(): i32 {
  return since;
}

/** The token that overruled the last match. */
// @ts-ignore: decorator
@inline export function trailForced(): u32 {
  return forced;
}

/** How many tokens the run came to. */
export function tokenCount(): i32 {
  return count;
}

/** The position after the last token. */
export function reached(): i32 {
  return at;
}

/** How many indexes a `follow` noted. */
export function notedCount(): i32 {
  return noted;
}

/** Whether a `replay` came past all its fixes. */
export function isSettled(): i32 {
  return fixIndex == NO_FIX ? 1 : 0;
}

export function beginTrail(start: i32, end: i32, guide: i32, fixes: i32): void {
  if (end - start >= TOKENS_BYTES >> 2) unreachable();
  mode = guide;
  count = 0;
  at = start;
  since = start;
  noted = 0;
  fixAt = 0;
  fixCount = fixes;
  fixIndex = guide == REPLAY && fixes > 0 ? load<u32>(0, WANTED) : NO_FIX;
}

/**
 * Literals up to `start`, then the match, in as many tokens as it takes.
 *
 * Returns whether that is what the encoder chose; otherwise the last token was forced and leads to `at`.
 */
export function putMatch(start: i32, distance: i32, length: i32): bool {
  putLiterals(start);
  if (at > start) return false;
  let rest = length;
  while (rest > 0) {
    const piece = pieceOf(rest);
    rest -= piece;
    if (!putPiece(piece, (piece << 16) | distance)) return false;
  }
  return true;
}

/** Literals up to `end`. A match that the encoder chose instead may lead beyond it. */
export function putLiterals(end: i32): void {
  if (mode == FOLLOW) followLiterals(end);
  else if (<i64>fixIndex - count < end - at) replayLiterals(end);
  else writeLiterals(end);
}

function writeLiterals(end: i32): void {
  let to = count << 2;
  let here = at;
  for (; here < end; here++) {
    store<u32>(to, byteAt(here), TOKENS);
    to += 4;
  }
  at = here;
  count = to >> 2;
}

function followLiterals(end: i32): void {
  while (at < end) {
    const start = at;
    const first = count << 2;
    const size = (end - start) << 2;
    let past: i32 = 0;
    while (past < size && load<u32>(first + past, WANTED) < 256) past += 4;
    at = start + (past >> 2);
    count += past >> 2;
    if (past < size) force(load<u32>(count << 2, WANTED));
  }
}

function replayLiterals(end: i32): void {
  while (at < end) {
    if (count == fixIndex) force(takeFix());
    else store<u32>(count++ << 2, byteAt(at++), TOKENS);
  }
}

function putPiece(length: i32, token: u32): bool {
  if (mode == FOLLOW) {
    const wanted = load<u32>(count << 2, WANTED);
    if (wanted != token) return force(wanted);
  } else {
    if (count == fixIndex) return force(takeFix());
    store<u32>(count << 2, token, TOKENS);
  }
  count++;
  at += length;
  since = at;
  return true;
}

/** The encoder chose this token. One that stands for no bytes would let the tokens outgrow their room. */
function force(token: u32): bool {
  if (token > 255 && token >> 16 < <u32>SHORTEST_MATCH) unreachable();
  if (mode == FOLLOW) store<u32>(noted++ << 2, count, TOKENS);
  else store<u32>(count << 2, token, TOKENS);
  count++;
  forced = token;
  at += token < 256 ? 1 : token >> 16;
  if (token > 255) since = at;
  return false;
}

/** The next fix, for which any literal stands for the byte that is there. */
function takeFix(): u32 {
  const token = load<u32>((fixAt << 3) + 4, WANTED);
  fixAt++;
  fixIndex = fixAt < fixCount ? load<u32>(fixAt << 3, WANTED) : NO_FIX;
  return token < 256 ? byteAt(at) : token;
}

/** How much of a match of `length` goes into its first token, so that what is left is none or a match. */
// @ts-ignore: decorator
@inline function pieceOf(length: i32): i32 {
  if (length <= LONGEST_MATCH) return length;
  return length > LONGEST_MATCH + SHORTEST_MATCH ? LONGEST_MATCH : LONGEST_MATCH - SHORTEST_MATCH;
}
