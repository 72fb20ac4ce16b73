import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import type {
  BlockCoder,
  CodeCounts,
  SequenceEncoding,
} from "../../../src/recompress/zstd/coder/block-coder.ts";
import {
  CompiledCoder,
  createBlockCoder,
} from "../../../src/recompress/zstd/coder/compiled-coder.ts";
import { PortableCoder } from "../../../src/recompress/zstd/coder/portable-coder.ts";
import { BlockOutput } from "../../../src/recompress/zstd/write/block-output.ts";

const BYTE_VALUES = 256;

/** Sequences, three numbers each, and how many of them count. */
export interface Sequences {
  readonly sequences: Int32Array;
  readonly count: number;
}

/** What coders came to, or why they did not. */
export type BothCoded<Coded> = readonly { readonly coded?: Coded; readonly refusal?: string }[];

/** A compiled coder and its oracle, told the same. Of each result, first comes the oracle's. */
export class CoderPair {
  readonly #coders: readonly BlockCoder[];
  readonly #output = new BlockOutput();

  constructor() {
    const compiled = createBlockCoder();
    if (!(compiled instanceof CompiledCoder)) throw new Error("this Node has no WebAssembly");
    this.#coders = [new PortableCoder(), compiled];
  }

  /** @returns the literals, and how often there is each byte. */
  gather(plain: Uint8Array, { sequences, count }: Sequences): BothCoded<unknown> {
    return this.#both((coder) => {
      const { literals } = coder.gather(plain, sequences, count);
      const counts = new Int32Array(BYTE_VALUES);
      coder.countBytes(literals, counts);
      return { literals: literals.slice(), counts };
    });
  }

  countBytes(bytes: Uint8Array): BothCoded<Int32Array> {
    return this.#both((coder) => {
      const counts = new Int32Array(BYTE_VALUES).fill(7);
      coder.countBytes(bytes, counts);
      return counts;
    });
  }

  /** @returns how often there is each code, and the codes of all sequences by kind. */
  findCodes({ sequences, count }: Sequences): BothCoded<FoundCodes> {
    return this.#both((coder) => {
      const found = coder.findCodes(sequences, count);
      const [literals, offsets, matches] = found.counts;
      return {
        counts: [literals.slice(), offsets.slice(), matches.slice()],
        codes: [0, 1, 2].map((kind) =>
          Uint8Array.from({ length: count }, (_, index) => found.codeAt(kind, index)),
        ),
      };
    });
  }

  writeStream(bytes: Uint8Array, codes: Int32Array): BothCoded<Uint8Array> {
    return this.#both((coder) => {
      coder.writeStream(bytes, codes, this.#output);
      return this.#output.written.slice();
    });
  }

  /** The same of a block's literals, where they lie after they have been gathered. */
  writeGathered(
    plain: Uint8Array,
    { sequences, count }: Sequences,
    codes: Int32Array,
  ): BothCoded<Uint8Array> {
    return this.#both((coder) => {
      const { literals } = coder.gather(plain, sequences, count);
      const half = literals.length >> 1;
      coder.writeStream(literals.subarray(0, half), codes, this.#output);
      coder.writeStream(literals.subarray(half), codes, this.#output);
      return this.#output.written.slice();
    });
  }

  /** Of the sequences whose codes were found last. */
  writeSequences(tables: SequenceEncoding): BothCoded<Uint8Array> {
    return this.#both((coder) => {
      coder.writeSequences(tables, this.#output);
      return this.#output.written.slice();
    });
  }

  #both<Coded>(call: (coder: BlockCoder) => Coded): BothCoded<Coded> {
    return this.#coders.map((coder) => {
      this.#output.rewind();
      try {
        return { coded: call(coder) };
      } catch (error) {
        if (error instanceof RecipeError) return { refusal: error.message };
        throw error;
      }
    });
  }
}

/** What was found of sequences. */
export interface FoundCodes {
  readonly counts: CodeCounts;
  readonly codes: readonly Uint8Array[];
}
