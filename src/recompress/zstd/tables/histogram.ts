/** How often each symbol is there. */
export interface Histogram {
  /** By symbol. The array may be longer than `symbols`. */
  readonly counts: Int32Array;
  /** One more than the highest symbol that is there. */
  readonly symbols: number;
  /** The sum of the counts, at most 2^18. */
  readonly total: number;
}

/** @returns the counts with their bounds; `total` has to be their sum. */
export function histogramOf(counts: Int32Array, total: number): Histogram {
  let symbols = counts.length;
  while (symbols > 0 && counts[symbols - 1] === 0) symbols--;
  return { counts, symbols, total };
}

/** @returns the index of the highest bit that is set, -1 for 0. */
export function highBit(value: number): number {
  return 31 - Math.clz32(value);
}
