/**
 * How klauspost/compress keeps Huffman codes within a number of bits.
 *
 * A code of b bits takes 2^-b of the code space, so codes that are cut to the limit take more than there
 * is. The debt, in units of a code at the limit, is paid by codes that are lengthened by a bit: one of
 * rank r (limit - r bits) gives back 2^(r-1) units.
 *
 * - Which rank pays: the one that would pay the debt alone if it could, or the next lower one, and so on.
 *   One goes lower while the rarest symbol of this rank costs more (occurs oftener) than two of the rarest
 *   of the next, and while this rank is empty; one stays where the next rank is empty. If the rank that
 *   comes out is empty, the next higher one that is not empty pays.
 * - Within a rank the rarest symbol pays, and is then the oftenest of the rank below.
 * - A debt overpaid is given back: the oftenest symbols at the limit get a bit less, one unit each.
 */
import { highBit } from "./histogram.ts";

const NOBODY = -1;
/** Codes of one bit at the limit of 11 have rank 10; room for what the search may ask above. */
const RANKS = 13;
const LARGEST_RANK = 11;

/**
 * @param counts by leaf, falling
 * @param depths by leaf, rising: the lengths without a limit
 * @param limit 5 to 11
 * @returns lengths by leaf; `undefined` where the encoder would have failed.
 */
export function limitLengths(
  counts: Float64Array,
  depths: Uint8Array,
  limit: number,
): Uint8Array | undefined {
  const deepest = depths[depths.length - 1] ?? 0;
  if (deepest <= limit) return depths;
  return new CodeLimit(counts, depths, limit).lengths(deepest);
}

class CodeLimit {
  readonly #counts: Float64Array;
  readonly #lengths: Uint8Array;
  readonly #limit: number;
  /** By rank: the rarest leaf that still has it. */
  readonly #rarest = new Int32Array(RANKS).fill(NOBODY);
  /** The rarest leaf that is shorter than the limit was, before anything was paid. */
  #lastShort = 0;

  constructor(counts: Float64Array, depths: Uint8Array, limit: number) {
    this.#counts = counts;
    this.#lengths = depths.slice();
    this.#limit = limit;
  }

  lengths(deepest: number): Uint8Array | undefined {
    let debt = this.#cut(deepest);
    this.#findRanks();
    while (debt > 0) {
      const rank = this.#payingRank(debt);
      if (rank === undefined) return undefined;
      this.#lengthen(rank);
      debt -= 2 ** (rank - 1);
    }
    for (; debt < 0; debt++) this.#shorten();
    return this.#lengths;
  }

  /** @returns the debt, in units of a code at the limit. */
  #cut(deepest: number): number {
    const unit = 2 ** (deepest - this.#limit);
    let debt = 0;
    let leaf = this.#lengths.length - 1;
    for (; this.#bits(leaf) > this.#limit; leaf--) {
      debt += unit - 2 ** (deepest - this.#bits(leaf));
      this.#lengths[leaf] = this.#limit;
    }
    while (this.#bits(leaf) === this.#limit) leaf--;
    this.#lastShort = leaf;
    return Math.floor(debt / unit);
  }

  #findRanks(): void {
    let bits = this.#limit;
    for (let leaf = this.#lastShort; leaf >= 0; leaf--) {
      if (this.#bits(leaf) >= bits) continue;
      bits = this.#bits(leaf);
      this.#rarest[this.#limit - bits] = leaf;
    }
  }

  #payingRank(debt: number): number | undefined {
    let rank = Math.min(highBit(debt) + 1, RANKS - 1);
    while (rank > 1 && !this.#paysBest(rank)) rank--;
    while (rank <= LARGEST_RANK && this.#rarest[rank] === NOBODY) rank++;
    return this.#rarest[rank] === NOBODY ? undefined : rank;
  }

  #paysBest(rank: number): boolean {
    const here = this.#rarest[rank] ?? NOBODY;
    const below = this.#rarest[rank - 1] ?? NOBODY;
    if (here === NOBODY) return false;
    return below === NOBODY || (this.#counts[here] ?? 0) <= 2 * (this.#counts[below] ?? 0);
  }

  #lengthen(rank: number): void {
    const leaf = this.#rarest[rank] ?? 0;
    if (this.#rarest[rank - 1] === NOBODY) this.#rarest[rank - 1] = leaf;
    this.#lengths[leaf] = this.#bits(leaf) + 1;
    const isRankEmpty = leaf === 0 || this.#bits(leaf - 1) !== this.#limit - rank;
    this.#rarest[rank] = isRankEmpty ? NOBODY : leaf - 1;
  }

  #shorten(): void {
    if (this.#rarest[1] === NOBODY) {
      while (this.#bits(this.#lastShort) === this.#limit) this.#lastShort--;
      this.#rarest[1] = this.#lastShort;
    }
    const leaf = (this.#rarest[1] ?? 0) + 1;
    this.#lengths[leaf] = this.#bits(leaf) - 1;
    this.#rarest[1] = leaf;
  }

  #bits(leaf: number): number {
    return this.#lengths[leaf] ?? 0;
  }
}
