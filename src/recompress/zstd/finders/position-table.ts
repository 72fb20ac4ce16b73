/**
 * Tables of window positions.
 *
 * An entry is the position that was last seen with some hash. Entries are only ever compared with a
 * reach that ends inside the window, so one that slid out needs no more than to stay out of reach.
 */

/** Before every position that was ever in a window. Far from overflow when positions are taken from it. */
export const NEVER = -0x40000000;

/** @param bits the table has 2^bits entries */
export function createPositions(bits: number): Int32Array {
  return new Int32Array(1 << bits).fill(NEVER);
}

/** An entry; `index` must be one of the table's. */
export function positionAt(table: Int32Array, index: number): number {
  return table[index] ?? NEVER;
}

export function forgetPositions(table: Int32Array): void {
  table.fill(NEVER);
}

/** Gives its memory back at once; the garbage collector would take its time. It has no entries from now on. */
export function freePositions(table: Int32Array): void {
  if (table.buffer instanceof ArrayBuffer) table.buffer.transfer(0);
}

/** The window forgot its first `by` bytes. */
export function lowerPositions(table: Int32Array, by: number): void {
  for (let index = 0; index < table.length; index++) {
    const position = positionAt(table, index);
    table[index] = position >= by ? position - by : NEVER;
  }
}

/** @returns whether the tables differ in nothing but positions before `from` */
export function agreeFrom(one: Int32Array, other: Int32Array, from: number): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    const position = positionAt(one, index);
    const second = positionAt(other, index);
    if (position !== second && Math.max(position, second) >= from) return false;
  }
  return true;
}
