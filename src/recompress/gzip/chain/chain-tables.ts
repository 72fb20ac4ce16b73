import { WINDOW_BYTES } from "./match-length.ts";

const SLOT = WINDOW_BYTES - 1;
/** A step back that leads out of reach from everywhere. */
const OUT_OF_REACH = 0xffff;

/** There is no further candidate. */
const NONE = -1;

/** Arrays as {@link ChainTables} wants them. */
export type ChainTablesRoom = Pick<ChainTables, "newest" | "back">;

/**
 * The two tables of a hash-chain encoder.
 *
 * `newest` has the last position entered under each hash, -1 where there is none. `back` has, for each of
 * the last 32768 positions, how many bytes before it the one entered last under its hash was; steps beyond
 * 65535 are cut, for no match reaches half as far.
 */
export class ChainTables {
  readonly newest: Int32Array;
  readonly back: Uint16Array;
  readonly #view: DataView;
  #lowest = 0;
  #left = 0;

  /**
   * @param hashes how many hashes there are
   * @param room where the tables shall lie, if they are shared with a compiled engine
   */
  constructor(view: DataView, hashes: number, room?: ChainTablesRoom) {
    this.#view = view;
    this.newest = room?.newest ?? new Int32Array(hashes);
    this.back = room?.back ?? new Uint16Array(WINDOW_BYTES);
    this.clear();
  }

  /** @returns the position entered before `at` under its hash, or one out of reach. */
  before(at: number): number {
    return at - (this.back[at & SLOT] ?? 0);
  }

  /**
   * Begins to walk back along a chain.
   *
   * @param lowest where the walk ends
   * @param tries how many candidates are compared at most; at least 1
   */
  walk(lowest: number, tries: number): void {
    this.#lowest = lowest;
    this.#left = tries;
  }

  /**
   * Walks on to a candidate that may be alike to `at` for more than `best` bytes: its last four bytes of
   * these are, or all three where only as many count.
   *
   * @param from where to go on: a candidate not yet compared
   * @param best at least 2
   * @returns -1 when the walk is over.
   */
  fitting(from: number, at: number, best: number): number {
    const view = this.#view;
    const { back } = this;
    const lowest = this.#lowest;
    const offset = best < 3 ? 0 : best - 3;
    const mask = best < 3 ? 0xffffff : -1;
    const wanted = view.getInt32(at + offset, true);
    let candidate = from;
    for (let left = this.#left; candidate >= lowest && left > 0; left--) {
      if (((view.getInt32(candidate + offset, true) ^ wanted) & mask) === 0) {
        this.#left = left - 1;
        return candidate;
      }
      candidate -= back[candidate & SLOT] ?? 0;
    }
    return NONE;
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
