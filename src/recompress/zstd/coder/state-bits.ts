import { RecipeError } from "../../recipe-error.ts";
import { fseFirstState, type FseEncodingTable } from "../fse.ts";
import { MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "../write/block-output.ts";

/**
 * The bits by which a decoder gets from each sequence's state to the next one's, for one kind of codes
 * (RFC 8878 section 4.1). They follow from the last sequence backwards.
 */
export class StateBits {
  /** For each sequence, bits | how many << 16; nothing for the last one. */
  readonly parts = new Int32Array(MOST_SEQUENCES);
  #start = 0;
  #log = 0;

  /**
   * @param codes of the block's sequences
   * @throws {RecipeError} when the table cannot say one of them.
   */
  find(codes: Uint8Array, count: number, table: FseEncodingTable): void {
    const { states, bitDeltas, stateDeltas } = table;
    const parts = this.parts;
    let state = fseFirstState(table, codes[count - 1] ?? 0);
    let missing = state - 1;
    parts[count - 1] = 0;
    for (let index = count - 2; index >= 0; index--) {
      const code = byteAt(codes, index);
      const bits = (state + numberAt(bitDeltas, code)) >> 16;
      parts[index] = (state & ((1 << bits) - 1)) | (bits << 16);
      state = stateAt(states, (state >> bits) + numberAt(stateDeltas, code));
      missing |= state - 1;
    }
    if (missing < 0) throw new RecipeError("a table cannot say a block's sequences");
    this.#start = state;
    this.#log = table.log;
  }

  /** Writes the state in which a decoder begins. */
  writeStart(output: BlockOutput): void {
    output.bits(this.#start & ((1 << this.#log) - 1), this.#log);
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}

/** 0 where there is none. */
function stateAt(states: Uint16Array, index: number): number {
  return states[index] ?? 0;
}
