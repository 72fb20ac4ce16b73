import { hash4, hash8 } from "./hashes.ts";
import { createPositions, positionAt } from "./position-table.ts";

const LONG_BITS = 22;
const LONG_SHIFT = 32 - LONG_BITS;
const SHORT_BITS = 18;
const SHORT_SHIFT = 32 - SHORT_BITS;
const OVERLAP_MARGIN = 8;

/**
 * What speed `best` knows of the past: where eight bytes, and where four bytes, were seen last and the time
 * before. Each hash has a slot of two entries, the newer one first.
 */
export class BestTables {
  readonly long = createPositions(LONG_BITS + 1);
  readonly short = createPositions(SHORT_BITS + 1);
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  longSlot(at: number): number {
    return (hash8(this.#view, at) >>> LONG_SHIFT) << 1;
  }

  shortSlot(at: number): number {
    return (hash4(this.#view, at) >>> SHORT_SHIFT) << 1;
  }

  enter(at: number): void {
    pushPosition(this.long, this.longSlot(at), at);
    pushPosition(this.short, this.shortSlot(at), at);
  }

  enterAll(from: number, to: number): void {
    for (let at = from; at < to; at++) this.enter(at);
  }

  /** Every byte before a job is entered but the last eight. */
  enterOverlap(from: number, to: number): void {
    this.enterAll(from, to - OVERLAP_MARGIN);
  }
}

/** The newer entry of a slot becomes the older one. */
export function pushPosition(table: Int32Array, slot: number, position: number): void {
  table[slot + 1] = positionAt(table, slot);
  table[slot] = position;
}
