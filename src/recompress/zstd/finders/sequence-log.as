/**
 * Goes along with the real sequences where they differ from those proposed: the twin of sequence-log.ts and of
 * what guided-finder.ts does for each sequence.
 */
import { adopt, advance, Cursor, FITS } from "./block-cursor";
import { GIVEN, NOTED } from "./finder-memory";

const FOLLOW: i32 = 1;
const REPLAY: i32 = 2;
const PATIENCE: i32 = 16;
const NO_INDEX: i32 = -1;

let mode: i32 = 0;
let given: i32 = 0;
/** The next fix of a replay, and which sequence it is for. */
let nextGiven: i32 = 0;
let fixedIndex: i32 = NO_INDEX;
let noted: i32 = 0;
let wastedBytes: i32 = 0;
let fault: i32 = FITS;

/** How many indexes a run that followed has noted. */
export function notedCount(): i32 {
  return noted;
}

/** Of the block found last. */
export function count(): i32 {
  return Cursor.count;
}

/** What was wrong with a sequence that was given; 0 when they all fit. */
export function faultFound(): i32 {
  return fault;
}

/** `guide` is 0 for none, 1 to follow so many sequences, 2 to replay so many fixes. */
export function beginLog(guide: i32, givenCount: i32): void {
  mode = guide;
  given = givenCount;
  nextGiven = 0;
  noted = 0;
  wastedBytes = 0;
  fault = FITS;
  readFixedIndex();
}

/** Whether there is a sequence, be it the proposed one or another; the cursor is behind it then. */
export function judge(isFound: bool): bool {
  if (!(isFound && keeps()) && !putOther(isFound)) return false;
  advance();
  return true;
}

// @ts-ignore: decorator
@inline function keeps(): bool {
  const index = Cursor.count;
  const literals = Cursor.from - Cursor.anchor;
  const length = Cursor.length;
  const offsetValue = Cursor.offsetValue;
  putSequence(literals, length, offsetValue);
  if (mode != FOLLOW) return index != fixedIndex;
  const real = 12 * index;
  return (
    load<i32>(real, GIVEN) == literals &&
    load<i32>(real, GIVEN + 4) == length &&
    load<i32>(real, GIVEN + 8) == offsetValue &&
    index < given
  );
}

/** Puts the real sequence in the place of the proposed one, or of none. */
function putOther(wasFound: bool): bool {
  const index = Cursor.count;
  if (!wasFound && !isLonger(index)) return false;
  const from = mode == FOLLOW ? noteReal(index) : takeGiven();
  if (from < 0) return false;
  const literals = load<i32>(from, GIVEN);
  const length = load<i32>(from, GIVEN + 4);
  const offsetValue = load<i32>(from, GIVEN + 8);
  if ((literals | length | offsetValue) == 0) return false;
  putSequence(literals, length, offsetValue);
  wastedBytes += (wasFound ? Cursor.from + Cursor.length : Cursor.end) - Cursor.anchor;
  if (wastedBytes > PATIENCE * (Cursor.end - Cursor.start)) Cursor.limit = Cursor.start;
  fault = adopt(literals, length, offsetValue);
  return fault == FITS;
}

// @ts-ignore: decorator
@inline function isLonger(index: i32): bool {
  return mode == FOLLOW ? index < given : index == fixedIndex;
}

/** Returns where the real sequence stands, or -1 when there is none. */
function noteReal(index: i32): i32 {
  store<i32>(noted++ << 2, index, NOTED);
  return index < given ? 12 * index : -1;
}

/** Returns where the next fix's sequence stands. */
function takeGiven(): i32 {
  const at = 16 * nextGiven + 4;
  nextGiven++;
  readFixedIndex();
  return at;
}

function readFixedIndex(): void {
  const isThere = mode == REPLAY && nextGiven < given;
  fixedIndex = isThere ? load<i32>(16 * nextGiven, GIVEN) : NO_INDEX;
}

/** There is room for one sequence for every three bytes of a block, and none stands for fewer. */
// @ts-ignore: decorator
@inline function putSequence(literals: i32, length: i32, offsetValue: i32): void {
  const at = Cursor.place + 12 * Cursor.count;
  store<i32>(at, literals);
  store<i32>(at, length, 4);
  store<i32>(at, offsetValue, 8);
}
