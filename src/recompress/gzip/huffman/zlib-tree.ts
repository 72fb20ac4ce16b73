import type { TreeDescription } from "../blocks/block-header.ts";
import {
  CODE_LENGTH_SYMBOLS,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  LIT_LEN_SYMBOLS,
  LONGEST_CODE,
  LONGEST_CODE_LENGTH_CODE,
} from "./deflate-symbols.ts";
import { HeapLengths } from "./heap-lengths.ts";
import type { SymbolCounts } from "./symbol-counts.ts";
import { TreeDraft } from "./tree-builder.ts";
import type { TreeBuilder } from "./tree-builder.ts";

const MOST_ZEROS = 138;
const FEW_ZEROS = 10;

/**
 * The block headers of zlib, GNU gzip and pigz: codes by {@link HeapLengths}, told up to the last symbol
 * that has one.
 *
 * The lengths are told in runs, those of literals apart from those of distances. A run is cut as soon as
 * it can be told in one go: 138 zeros, 7 of another length (itself and 6 repetitions), but 6 when the run
 * goes on with the length told last, for then none has to be told as itself. What is too short for a
 * repetition (3 zeros, itself and 3 more, 3 that go on) is told one by one.
 *
 * The form of such a header is that of RFC 1951 section 3.2.7.
 */
export class ZlibTreeBuilder implements TreeBuilder {
  readonly #heap = new HeapLengths();
  readonly #litLen = new Uint8Array(LIT_LEN_SYMBOLS);
  readonly #distance = new Uint8Array(DISTANCE_SYMBOLS);
  readonly #draft = new TreeDraft();

  build(counts: SymbolCounts): TreeDescription {
    counts.litLen[END_OF_BLOCK] = 1;
    const litLenCount = 1 + this.#code(counts.litLen, this.#litLen);
    const distanceCount = 1 + this.#code(counts.distance, this.#distance);
    const draft = this.#draft;
    draft.setLengths(
      { lengths: this.#litLen, count: litLenCount },
      { lengths: this.#distance, count: distanceCount },
    );
    this.#tellRuns(0, litLenCount);
    this.#tellRuns(litLenCount, litLenCount + distanceCount);
    this.#heap.build({
      counts: draft.codeLengthUses,
      symbols: CODE_LENGTH_SYMBOLS,
      longest: LONGEST_CODE_LENGTH_CODE,
      lengths: draft.codeLengthLengths,
    });
    draft.trimCodeLengths();
    return draft;
  }

  #code(counts: Uint32Array, lengths: Uint8Array): number {
    return this.#heap.build({ counts, symbols: lengths.length, longest: LONGEST_CODE, lengths });
  }

  #tellRuns(from: number, to: number): void {
    const { lengths } = this.#draft;
    let toldLast = -1;
    let start = from;
    while (start < to) {
      const length = lengths[start] ?? 0;
      const most = mostInRun(length, toldLast);
      let run = 1;
      while (run < most && start + run < to && lengths[start + run] === length) run++;
      this.#tellRun(length, run, length === toldLast);
      toldLast = length;
      start += run;
    }
  }

  #tellRun(length: number, run: number, goesOn: boolean): void {
    const draft = this.#draft;
    const fewestRepetitions = 3;
    const itself = length === 0 || goesOn ? 0 : 1;
    if (run - itself < fewestRepetitions) draft.tell(length, run);
    else if (length === 0) draft.repeat(run <= FEW_ZEROS ? 17 : 18, run);
    else {
      draft.tell(length, itself);
      draft.repeat(16, run - itself);
    }
  }
}

function mostInRun(length: number, toldLast: number): number {
  if (length === 0) return MOST_ZEROS;
  return length === toldLast ? 6 : 7;
}
