/** The largest distance of a match (RFC 1951 section 3.2.5). */
export const FARTHEST = 32_768;

/** Stands where a table holds no position: too far from every one. */
export const NOWHERE = -0x1000000;

/**
 * The tables of positions that an encoder keeps from segment to segment.
 *
 * Positions are those of the window, so they are lowered when it slides. Encoders forget nothing; they just
 * do not use what lies more than 32 KiB back. So two engines with unlike tables may still be bound to choose
 * alike for ever.
 */
export class PositionTables {
  readonly #singles: readonly Int32Array[];
  readonly #pairs: readonly Int32Array[];

  /**
   * @param singles tables with one position for each hash
   * @param pairs tables with two, side by side: the latest, and the one that it replaced, which is used
   * only while the latest is near enough itself
   */
  constructor(singles: readonly Int32Array[], pairs: readonly Int32Array[]) {
    this.#singles = singles;
    this.#pairs = pairs;
    this.clear();
  }

  /** Forgets everything, as a new encoder. */
  clear(): void {
    for (const table of this.#all()) table.fill(NOWHERE);
  }

  /** The window forgot its first `by` bytes. */
  lower(by: number): void {
    for (const table of this.#all()) lowerAll(table, by);
  }

  /**
   * @param other the tables of another engine of the same level
   * @param from the oldest position that can still be used
   * @returns whether every position that can still be used is the same in both
   */
  isAlike(other: PositionTables, from: number): boolean {
    return (
      this.#singles.every((table, index) => areSinglesAlike(table, other.#singles[index], from)) &&
      this.#pairs.every((table, index) => arePairsAlike(table, other.#pairs[index], from))
    );
  }

  #all(): readonly Int32Array[] {
    return [...this.#singles, ...this.#pairs];
  }
}

/** The position in a slot of a table. */
export function positionIn(table: Int32Array, slot: number): number {
  return table[slot] ?? NOWHERE;
}

function lowerAll(table: Int32Array, by: number): void {
  for (let slot = 0; slot < table.length; slot++) {
    table[slot] = Math.max(positionIn(table, slot) - by, NOWHERE);
  }
}

function areSinglesAlike(one: Int32Array, other: Int32Array | undefined, from: number): boolean {
  if (one.length !== other?.length) return false;
  for (let slot = 0; slot < one.length; slot++) {
    if (usable(one[slot], from) !== usable(other[slot], from)) return false;
  }
  return true;
}

function arePairsAlike(one: Int32Array, other: Int32Array | undefined, from: number): boolean {
  if (one.length !== other?.length) return false;
  for (let slot = 0; slot < one.length; slot += 2) {
    const latest = usable(one[slot], from);
    if (latest !== usable(other[slot], from)) return false;
    if (latest === NOWHERE) continue;
    if (usable(one[slot + 1], from) !== usable(other[slot + 1], from)) return false;
  }
  return true;
}

function usable(position: number | undefined, from: number): number {
  return position === undefined || position < from ? NOWHERE : position;
}
