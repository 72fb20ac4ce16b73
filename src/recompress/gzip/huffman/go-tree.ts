import type { TreeDescription } from "../blocks/block-header.ts";
import {
  CODE_LENGTH_SYMBOLS,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  LIT_LEN_SYMBOLS,
  LONGEST_CODE,
  LONGEST_CODE_LENGTH_CODE,
} from "./deflate-symbols.ts";
import { MergeLengths } from "./merge-lengths.ts";
import type { SymbolCounts } from "./symbol-counts.ts";
import { TreeDraft } from "./tree-builder.ts";
import type { TreeBuilder } from "./tree-builder.ts";

const MOST_ZEROS = 138;
const FEW_ZEROS = 10;
const MOST_REPETITIONS = 6;
const FEWEST_REPETITIONS = 3;

/**
 * The block headers of Go's compress/flate and of klauspost/compress/flate: codes by {@link MergeLengths}.
 * A block without matches tells of one distance code nevertheless.
 *
 * The lengths of literals and of distances are told as one row, in runs that may cross from the one to
 * the other. Zeros go in lots of up to 138 while 11 or more are left, then in one lot when 3 or more are.
 * Any other length is told once, then in lots of up to 6 repetitions while 3 or more are left. The rest
 * is told one by one.
 *
 * Usually the lengths are told up to the last symbol that is used. Up to version 1.18.0 klauspost's
 * encoder told all 286 and 30 of blocks that it kept open for more to come: that is `isTrimmed: false`.
 *
 * The form of such a header is that of RFC 1951 section 3.2.7.
 */
export class GoTreeBuilder implements TreeBuilder {
  readonly #isTrimmed: boolean;
  readonly #merge = new MergeLengths();
  readonly #litLen = new Uint8Array(LIT_LEN_SYMBOLS);
  readonly #distance = new Uint8Array(DISTANCE_SYMBOLS);
  readonly #draft = new TreeDraft();

  constructor(options: { readonly isTrimmed: boolean }) {
    this.#isTrimmed = options.isTrimmed;
  }

  build(counts: SymbolCounts): TreeDescription {
    counts.litLen[END_OF_BLOCK] = 1;
    this.#code(counts.litLen, this.#litLen);
    this.#code(counts.distance, this.#distance);
    const draft = this.#draft;
    const distanceCount = this.#countOf(this.#distance);
    if (distanceCount === 0) this.#distance[0] = 1;
    draft.setLengths(
      { lengths: this.#litLen, count: this.#countOf(this.#litLen) },
      { lengths: this.#distance, count: Math.max(distanceCount, 1) },
    );
    this.#tellRuns();
    this.#merge.build({
      counts: draft.codeLengthUses,
      symbols: CODE_LENGTH_SYMBOLS,
      longest: LONGEST_CODE_LENGTH_CODE,
      lengths: draft.codeLengthLengths,
    });
    draft.trimCodeLengths();
    return draft;
  }

  #code(counts: Uint32Array, lengths: Uint8Array): void {
    this.#merge.build({ counts, symbols: lengths.length, longest: LONGEST_CODE, lengths });
  }

  #countOf(lengths: Uint8Array): number {
    let count = lengths.length;
    if (this.#isTrimmed) while (count > 0 && lengths[count - 1] === 0) count--;
    return count;
  }

  #tellRuns(): void {
    const { lengths } = this.#draft;
    let start = 0;
    while (start < lengths.length) {
      const length = lengths[start] ?? 0;
      let end = start + 1;
      while (end < lengths.length && lengths[end] === length) end++;
      if (length === 0) this.#tellZeros(end - start);
      else this.#tellOthers(length, end - start);
      start = end;
    }
  }

  #tellZeros(run: number): void {
    const draft = this.#draft;
    let left = run;
    while (left > FEW_ZEROS) {
      const lot = Math.min(left, MOST_ZEROS);
      draft.repeat(18, lot);
      left -= lot;
    }
    if (left >= FEWEST_REPETITIONS) draft.repeat(17, left);
    else draft.tell(0, left);
  }

  #tellOthers(length: number, run: number): void {
    const draft = this.#draft;
    draft.tell(length, 1);
    let left = run - 1;
    while (left >= FEWEST_REPETITIONS) {
      const lot = Math.min(left, MOST_REPETITIONS);
      draft.repeat(16, lot);
      left -= lot;
    }
    draft.tell(length, left);
  }
}
