/**
 * Tables of window positions, as in position-table.ts, with a hint beside each position.
 *
 * A window is far larger than a processor's caches, and most of what a table has seen is not what is looked for. So
 * an entry holds five bits that follow from the four bytes at its position: where they differ, the bytes do,
 * and the window need not be read. Entries are unsigned: the position and one, above the hint; 0 is none.
 */
import { fourAt } from "./finder-memory";

const HINT_BITS: i32 = 5;
const HINTS: u32 = (1 << HINT_BITS) - 1;
const NOTHING: u32 = 0;

/** The entry of a position below 2^27 - 1 where these four bytes are. */
// @ts-ignore: decorator
@inline export function entryOf(at: i32, four: u32): u32 {
  return ((at + 1) << HINT_BITS) | ((four * 2654435761) >> (32 - HINT_BITS));
}

// @ts-ignore: decorator
@inline export function entryAt(at: i32): u32 {
  return entryOf(at, fourAt(at));
}

/** Whether the four bytes at both positions may be the same. */
// @ts-ignore: decorator
@inline export function areAlike(one: u32, other: u32): bool {
  return ((one ^ other) & HINTS) == 0;
}

/** -1 when there is none. */
// @ts-ignore: decorator
@inline export function positionIn(entry: u32): i32 {
  return <i32>(entry >> HINT_BITS) - 1;
}

/** Empties tables that lie one after the other, `size` bytes in all. */
export function forgetPositions(table: i32, size: i32): void {
  memory.fill(table, 0, size);
}

/** The window forgot its first `by` bytes. */
export function lowerPositions(table: i32, size: i32, by: i32): void {
  const lowered: u32 = by << HINT_BITS;
  const end = table + size;
  for (let at = table; at < end; at += 4) {
    const entry = load<u32>(at);
    store<u32>(at, positionIn(entry) >= by ? entry - lowered : NOTHING);
  }
}

/** Returns 1 when two tables differ in nothing but positions before `from`, else 0. */
export function agreeFrom(table: i32, other: i32, size: i32, from: i32): i32 {
  for (let at = 0; at < size; at += 4) {
    const entry = load<u32>(table + at);
    const second = load<u32>(other + at);
    if (entry == second) continue;
    if (positionIn(entry) >= from || positionIn(second) >= from) return 0;
  }
  return 1;
}
