import { CODE_LENGTH_ORDER } from "../blocks/block-header.ts";
import type { TreeDescription } from "../blocks/block-header.ts";
import { CODE_LENGTH_SYMBOLS, DISTANCE_SYMBOLS, LIT_LEN_SYMBOLS } from "./deflate-symbols.ts";
import type { SymbolCounts } from "./symbol-counts.ts";

/** Makes the Huffman codes of a block as one encoder does, from what its tokens use. */
export interface TreeBuilder {
  /**
   * @param counts of the tokens; the builder may set the count of the end of the block
   * @returns the description, whose arrays the builder uses again for the next one.
   */
  build(counts: SymbolCounts): TreeDescription;
}

/** A description that is built in place, time after time. */
export class TreeDraft implements TreeDescription {
  litLenCount = 0;
  distanceCount = 0;
  codeLengthCount = 0;
  readonly codeLengthLengths = new Uint8Array(CODE_LENGTH_SYMBOLS);
  readonly sequence: number[] = [];
  lengths: Uint8Array = new Uint8Array(0);
  /** How often the sequence uses each of its symbols. */
  readonly codeLengthUses = new Uint32Array(CODE_LENGTH_SYMBOLS);
  readonly #lengths = new Uint8Array(LIT_LEN_SYMBOLS + DISTANCE_SYMBOLS);

  /** Sets how many lengths are told, and what they are. */
  setLengths(
    litLen: { readonly lengths: Uint8Array; readonly count: number },
    distance: { readonly lengths: Uint8Array; readonly count: number },
  ): void {
    this.litLenCount = litLen.count;
    this.distanceCount = distance.count;
    this.lengths = this.#lengths.subarray(0, litLen.count + distance.count);
    this.lengths.set(litLen.lengths.subarray(0, litLen.count));
    this.lengths.set(distance.lengths.subarray(0, distance.count), litLen.count);
    this.sequence.length = 0;
    this.codeLengthUses.fill(0);
  }

  /** Adds to the sequence: `symbol` so many times. */
  tell(symbol: number, times: number): void {
    for (let time = 0; time < times; time++) this.sequence.push(symbol);
    this.codeLengthUses[symbol] = (this.codeLengthUses[symbol] ?? 0) + times;
  }

  /** Adds to the sequence: 16, 17 or 18 with its number of repetitions. */
  repeat(symbol: number, repetitions: number): void {
    this.sequence.push(symbol | (repetitions << 8));
    this.codeLengthUses[symbol] = (this.codeLengthUses[symbol] ?? 0) + 1;
  }

  /** Leaves out the last code lengths of the code-length code that are 0; four stay at least. */
  trimCodeLengths(): void {
    let count: number = CODE_LENGTH_SYMBOLS;
    while (count > 4 && this.codeLengthLengths[CODE_LENGTH_ORDER[count - 1] ?? 0] === 0) count--;
    this.codeLengthCount = count;
  }
}
