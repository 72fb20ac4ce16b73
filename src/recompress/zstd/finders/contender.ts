/** Nothing was seen yet. */
export const NOTHING_SEEN = 0;
/** Seen by a table, and so with an offset of its own. */
export const SEEN_IN_TABLE = -1;

/** The best of the matches that speed `best` has seen around a place. */
export class Contender {
  /** The first byte. */
  from = 0;
  /** 0 when nothing is worth its bits. */
  length = 0;
  distance = 0;
  /** {@link NOTHING_SEEN}, {@link SEEN_IN_TABLE}, or a repeat as the cursor numbers them. */
  repeat = NOTHING_SEEN;
  /** Bits of its sequence minus the bits that literals would take. */
  cost = 0;

  /** @param cost more than any match costs */
  clear(at: number, cost: number): void {
    this.from = at;
    this.length = 0;
    this.distance = 0;
    this.repeat = NOTHING_SEEN;
    this.cost = cost;
  }

  become(other: Contender): void {
    this.from = other.from;
    this.length = other.length;
    this.distance = other.distance;
    this.repeat = other.repeat;
    this.cost = other.cost;
  }
}
