import { WINDOW_BYTES } from "./match-length.ts";

const SLOT = WINDOW_BYTES - 1;
/** A step back that leads out of reach from everywhere. */
const OUT_OF_REACH = 0xffff;

/**
 * The two tables of a hash-chain encoder.
 *
 * `newest` has the last position entered under each hash, -1 where there is none. `back` has, for each of
 * the last 32768 positions, how many bytes before it the one entered last under its hash was; steps beyond
 * 65535 are cut, for no match reaches half as far.
 */
export class ChainTables {
  readonly newest: Int32Array;
  readonly back = new Uint16Array(WINDOW_BYTES);

  /** @param hashes how many hashes there are */
  constructor(hashes: number) {
    this.newest = new Int32Array(hashes).fill(-1);
  }

  /** Forgets all positions. */
  clear(): void {
    this.newest.fill(-1);
  }

  /** Marks a position that was never entered, so that a chain begun there is empty. */
  leaveOut(position: number): void {
    this.back[position & SLOT] = OUT_OF_REACH;
  }

  /** Lowers every position by `by`, a multiple of 32768, so that the slots of `back` stay where they are. */
  slide(by: number): void {
    const { newest } = this;
    for (let hash = 0; hash < newest.length; hash++) {
      const position = newest[hash] ?? 0;
      newest[hash] = position < by ? -1 : position - by;
    }
  }

  /**
   * Compares what can be reached by chains from the newest positions: all that a search can ever see.
   *
   * @param by what must be added to the other tables' positions
   * @param lowest the first position that is in reach
   */
  isAlike(other: ChainTables, by: number, lowest: number): boolean {
    for (let hash = 0; hash < this.newest.length; hash++) {
      const mine = this.newest[hash] ?? 0;
      const theirs = (other.newest[hash] ?? 0) + by;
      if (mine < lowest && theirs < lowest) continue;
      if (mine !== theirs || !this.#isChainAlike(other, by, { from: mine, lowest })) return false;
    }
    return true;
  }

  #isChainAlike(other: ChainTables, by: number, chain: { from: number; lowest: number }): boolean {
    let at = chain.from;
    while (at >= chain.lowest) {
      const step = this.back[at & SLOT] ?? 0;
      const otherStep = other.back[(at - by) & SLOT] ?? 0;
      if (step !== otherStep) return Math.max(at - step, at - otherStep) < chain.lowest;
      at -= step;
    }
    return true;
  }
}
