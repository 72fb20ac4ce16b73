/** What speed `best` knows of the past: the twin of best-tables.ts. */
import { Cursor } from "./block-cursor";
import { eightAt, hash4, hash8, TABLES } from "./finder-memory";
import { entryOf } from "./position-table";

const LONG_BITS: i32 = 22;
const SHORT_BITS: i32 = 18;
const OVERLAP_MARGIN: i32 = 8;
const LONG: i32 = TABLES;
const SHORT: i32 = LONG + (8 << LONG_BITS);

/** Of both tables. */
export const TABLE_BYTES: i32 = (8 << LONG_BITS) + (8 << SHORT_BITS);

// @ts-ignore: decorator
@inline export function longSlotOf(eight: u64): i32 {
  return Cursor.place + LONG + (hash8(eight, LONG_BITS) << 3);
}

// @ts-ignore: decorator
@inline export function shortSlotOf(four: u32): i32 {
  return Cursor.place + SHORT + (hash4(four, SHORT_BITS) << 3);
}

// @ts-ignore: decorator
@inline export function enterAt(at: i32): void {
  const eight = eightAt(at);
  const entry = entryOf(at, <u32>eight);
  push(longSlotOf(eight), entry);
  push(shortSlotOf(<u32>eight), entry);
}

export function enterAll(from: i32, to: i32): void {
  for (let at = from; at < to; at++) enterAt(at);
}

/** Indexes the bytes before a job. */
export function indexOverlap(from: i32, to: i32): void {
  enterAll(from, to - OVERLAP_MARGIN);
}

/** The newer entry of a slot becomes the older one. */
// @ts-ignore: decorator
@inline export function push(slot: i32, entry: u32): void {
  store<u32>(slot, load<u32>(slot), 4);
  store<u32>(slot, entry);
}
