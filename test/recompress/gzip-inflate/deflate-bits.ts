import type {
  BlockHeader,
  TreeDescription,
} from "../../../src/recompress/gzip/blocks/block-header.ts";
import { CODE_LENGTH_ORDER } from "../../../src/recompress/gzip/blocks/block-header.ts";

const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BITS = Array.from({ length: 30 }, (_, symbol) =>
  symbol < 4 ? 0 : (symbol >> 1) - 1,
);
const DISTANCE_BASES = DISTANCE_BITS.map((_, symbol) =>
  DISTANCE_BITS.slice(0, symbol).reduce((sum, bits) => sum + (1 << bits), 1),
);
const REPEAT_BITS: Readonly<Record<number, readonly [number, number]>> = {
  16: [2, 3],
  17: [3, 3],
  18: [7, 11],
};

/** One block with all its decisions. */
export interface ToldBlock {
  readonly header: BlockHeader;
  readonly plain: Uint8Array;
  /** Nothing for stored blocks. */
  readonly tokens: readonly number[];
}

/** Writes deflate streams bit by bit: slow, plain, and able to write what no decoder takes. */
export class DeflateBits {
  readonly #bytes: number[] = [];
  #bitCount = 0;

  /** The lowest bit of `value` comes first. */
  bits(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) {
      if (this.#bitCount % 8 === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      this.#bytes[last] =
        (this.#bytes[last] ?? 0) | (((value >>> bit) & 1) << (this.#bitCount % 8));
      this.#bitCount++;
    }
    return this;
  }

  /** A Huffman code: its highest bit comes first. */
  code(code: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.bits((code >>> bit) & 1, 1);
    return this;
  }

  block({ header, plain, tokens }: ToldBlock): this {
    this.bits(header.isFinal ? 1 : 0, 1);
    if (header.kind === "stored") return this.#stored(header, plain);
    if (header.kind === "fixed") return this.bits(1, 2).#data(tokens, fixedLengths());
    this.bits(2, 2).tree(header.tree);
    const { lengths, litLenCount } = header.tree;
    return this.#data(tokens, {
      litLen: [...lengths.subarray(0, litLenCount)],
      distance: [...lengths.subarray(litLenCount)],
    });
  }

  tree(tree: TreeDescription): this {
    this.bits(tree.litLenCount - 257, 5).bits(tree.distanceCount - 1, 5);
    this.bits(tree.codeLengthCount - 4, 4);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, tree.codeLengthCount)) {
      this.bits(tree.codeLengthLengths[symbol] ?? 0, 3);
    }
    const codes = codesOf([...tree.codeLengthLengths]);
    for (const step of tree.sequence) {
      const symbol = step & 255;
      this.#symbol(codes, symbol);
      const repeat = REPEAT_BITS[symbol];
      if (repeat !== undefined) this.bits((step >>> 8) - repeat[1], repeat[0]);
    }
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #stored(header: BlockHeader & { kind: "stored" }, plain: Uint8Array): this {
    this.bits(0, 2).bits(header.padding, -this.#bitCount & 7);
    this.bits(header.size, 16).bits(~header.size, 16);
    for (const byte of plain) this.bits(byte, 8);
    return this;
  }

  #data(tokens: readonly number[], lengths: { litLen: number[]; distance: number[] }): this {
    const litLen = codesOf(lengths.litLen);
    const distance = codesOf(lengths.distance);
    for (const token of tokens) {
      if (token < 256) this.#symbol(litLen, token);
      else this.#match(token, litLen, distance);
    }
    return this.#symbol(litLen, 256);
  }

  #match(token: number, litLen: Codes, distance: Codes): void {
    const length = token >>> 16;
    // Length 258 has a code of its own beside the one that could also say it.
    const lengthIndex = LENGTH_BASES.findLastIndex((base) => base <= length);
    this.#symbol(litLen, 257 + lengthIndex);
    this.bits(length - (LENGTH_BASES[lengthIndex] ?? 0), LENGTH_BITS[lengthIndex] ?? 0);
    const back = token & 0xffff;
    const symbol = DISTANCE_BASES.findLastIndex((base) => base <= back);
    this.#symbol(distance, symbol);
    this.bits(back - (DISTANCE_BASES[symbol] ?? 0), DISTANCE_BITS[symbol] ?? 0);
  }

  #symbol(codes: Codes, symbol: number): this {
    const [code, count] = codes[symbol] ?? [0, 0];
    return this.code(code, count);
  }
}

type Codes = readonly (readonly [code: number, bits: number])[];

/** RFC 1951 section 3.2.2. */
function codesOf(lengths: readonly number[]): Codes {
  let code = 0;
  const codes: [number, number][] = lengths.map((length) => [0, length]);
  for (let length = 1; length <= 15; length++) {
    code <<= 1;
    for (const [symbol, own] of lengths.entries()) {
      if (own === length) codes[symbol] = [code++, length];
    }
  }
  return codes;
}

function fixedLengths(): { litLen: number[]; distance: number[] } {
  const litLen = Array.from({ length: 288 }, (_, symbol) => {
    if (symbol < 144 || symbol >= 280) return 8;
    return symbol < 256 ? 9 : 7;
  });
  return { litLen, distance: Array.from({ length: 32 }, () => 5) };
}
