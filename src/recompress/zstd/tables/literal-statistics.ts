import { countSymbols } from "../coder/count-symbols.ts";
import { histogramOf, type Histogram } from "./histogram.ts";
import { huffmanDescription } from "./huffman-description.ts";
import { huffmanLengths } from "./huffman-lengths.ts";

const BYTE_VALUES = 256;

/** Sets `counts` to how often each byte is there. */
export type CountBytes = (bytes: Uint8Array, counts: Int32Array) => void;

/** What there is to know of a block's literals, worked out when it is asked for. */
export class LiteralStatistics {
  readonly #counts = new Int32Array(BYTE_VALUES);
  readonly #countBytes: CountBytes;
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;
  #histogram: Histogram | undefined;
  #most: number | undefined;
  #lengths: Uint8Array | undefined;
  #tree: Uint8Array | undefined;

  constructor(countBytes: CountBytes = countSymbols) {
    this.#countBytes = countBytes;
  }

  /** @param bytes the literals are the first `size` of them; borrowed until the next call */
  take(bytes: Uint8Array, size: number): void {
    this.#bytes = bytes;
    this.#size = size;
    this.#histogram = undefined;
    this.#most = undefined;
    this.#lengths = undefined;
    this.#tree = undefined;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get size(): number {
    return this.#size;
  }

  get histogram(): Histogram {
    this.#histogram ??= histogramOf(this.#count(), this.#size);
    return this.#histogram;
  }

  /** How often the most frequent byte is there. */
  get most(): number {
    this.#most ??= largestOf(this.histogram);
    return this.#most;
  }

  /** Bits by byte value of the codes that the encoder would make; `undefined` where it would make none. */
  get lengths(): Uint8Array | undefined {
    this.#lengths ??= huffmanLengths(this.histogram);
    return this.#lengths;
  }

  /** The description of these codes; `undefined` where the encoder would write none. */
  get tree(): Uint8Array | undefined {
    this.#tree ??= this.lengths && huffmanDescription(this.lengths);
    return this.#tree;
  }

  #count(): Int32Array {
    this.#countBytes(this.#bytes.subarray(0, this.#size), this.#counts);
    return this.#counts;
  }
}

function largestOf({ counts, symbols }: Histogram): number {
  let most = 0;
  for (let symbol = 0; symbol < symbols; symbol++) most = Math.max(most, counts[symbol] ?? 0);
  return most;
}
