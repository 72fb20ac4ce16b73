import { RecipeError } from "../recipe-error.ts";
import { checkHasCode, NO_CODE } from "./huffman/token-codes.ts";
import type { TokenCodes } from "./huffman/token-codes.ts";
import { distanceSymbol } from "./huffman/deflate-symbols.ts";

const BUFFER_BYTES = 64 * 1024;
const TOKENS_AT_ONCE = 4096;
/** The longest token has 15 + 5 + 15 + 13 bits. */
const BYTES_PER_TOKEN = 6;
/** What may be written between two looks at how full the buffer is. */
const SLACK_BYTES = TOKENS_AT_ONCE * BYTES_PER_TOKEN + 16;

/** How a {@link BitWriter} begins and where it must stop. */
export interface BitWriterOptions {
  /** Bits of the first byte, 0 to 7, that are somebody else's; they are written as 0. */
  readonly startBit?: number;
  /** More bytes than this make it throw. */
  readonly mostBytes: number;
}

/**
 * Writes bits, the lowest first (RFC 1951 section 3.1.1), and whole bytes.
 *
 * Bits gather in a word of 32 and leave it four bytes at a time.
 */
export class BitWriter {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #mostBytes: number;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES + SLACK_BYTES);
  #view = viewOf(this.#buffer);
  /** Bytes in the buffer. */
  #at = 0;
  #word = 0;
  /** Bits in the word, 0 to 31. */
  #bits: number;
  /** Bytes handed over so far. */
  #handedOver = 0;

  /** @param onBytes is given bytes to keep, some 64 KiB at a time. */
  constructor(onBytes: (bytes: Uint8Array) => void, options: BitWriterOptions) {
    this.#onBytes = onBytes;
    this.#mostBytes = options.mostBytes;
    this.#bits = options.startBit ?? 0;
  }

  /** Whole bytes written so far; the bits of a byte that is not full are {@link bit}. */
  get bytes(): number {
    return this.#handedOver + this.#at + (this.#bits >> 3);
  }

  /** Bits of the byte that is not full, 0 to 7. */
  get bit(): number {
    return this.#bits & 7;
  }

  /**
   * @param value below 2^size
   * @param size at most 28
   */
  put(value: number, size: number): void {
    this.#word |= value << this.#bits;
    this.#bits += size;
    if (this.#bits < 32) return;
    this.#view.setInt32(this.#at, this.#word, true);
    this.#at += 4;
    this.#bits -= 32;
    this.#word = value >>> (size - this.#bits);
    if (this.#at >= BUFFER_BYTES) this.#handOver();
  }

  /** Writes the bits of an entry of {@link TokenCodes}. @throws {RecipeError} when it has none. */
  putEntry(entry: number): void {
    checkHasCode(entry);
    this.put(entry >>> 5, entry & 31);
  }

  /**
   * Writes tokens from index `from` up to index `to`.
   *
   * @throws {RecipeError} when one has no code.
   */
  putTokens(tokens: Uint32Array, codes: TokenCodes, range: { from: number; to: number }): void {
    let { from } = range;
    while (from < range.to) {
      const to = Math.min(range.to, from + TOKENS_AT_ONCE);
      this.#putSome(tokens.subarray(from, to), codes);
      from = to;
      if (this.#at >= BUFFER_BYTES) this.#handOver();
    }
  }

  /** Fills the byte that is begun with the lowest bits of `padding`. */
  align(padding = 0): void {
    const missing = (8 - (this.#bits & 7)) & 7;
    this.put(padding & ((1 << missing) - 1), missing);
    for (; this.#bits > 0; this.#bits -= 8) {
      this.#view.setUint8(this.#at++, this.#word & 255);
      this.#word >>>= 8;
    }
  }

  /** Writes whole bytes; the writer must be aligned. */
  putBytes(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      if (this.#at >= BUFFER_BYTES) this.#handOver();
      const part = bytes.subarray(from, from + BUFFER_BYTES - this.#at);
      this.#buffer.set(part, this.#at);
      this.#at += part.length;
      from += part.length;
    }
  }

  /** Hands over what there is; the last byte is filled with zeros. */
  flush(): void {
    this.align();
    if (this.#at > 0) this.#handOver();
  }

  #handOver(): void {
    const bytes = this.#buffer.subarray(0, this.#at);
    this.#handedOver += this.#at;
    if (this.#handedOver > this.#mostBytes) {
      throw new RecipeError("the recipe makes a longer stream than it says");
    }
    this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES + SLACK_BYTES);
    this.#view = viewOf(this.#buffer);
    this.#at = 0;
    this.#onBytes(bytes);
  }

  #putSome(tokens: Uint32Array, codes: TokenCodes): void {
    const { literalOrLength, distance } = codes;
    const view = this.#view;
    let word = this.#word;
    let bits = this.#bits;
    let at = this.#at;
    let all = 0;
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index] ?? 0;
      const entry = literalOrLength[token < 256 ? token : 256 + (token >>> 16)] ?? NO_CODE;
      all |= entry;
      const value = entry >>> 5;
      word |= value << bits;
      bits += entry & 31;
      if (bits >= 32) {
        view.setInt32(at, word, true);
        at += 4;
        bits -= 32;
        word = value >>> ((entry & 31) - bits);
      }
      if (token < 256) continue;
      const far = distance[distanceSymbol(token & 0xffff)] ?? NO_CODE;
      all |= far;
      const codeSize = far & 31;
      const extraSize = (far >>> 5) & 31;
      const size = codeSize + extraSize;
      const farValue =
        (far >>> 10) | ((((token & 0xffff) - 1) & ((1 << extraSize) - 1)) << codeSize);
      word |= farValue << bits;
      bits += size;
      if (bits >= 32) {
        view.setInt32(at, word, true);
        at += 4;
        bits -= 32;
        word = farValue >>> (size - bits);
      }
    }
    checkHasCode(all);
    this.#word = word;
    this.#bits = bits;
    this.#at = at;
  }
}

function viewOf(buffer: Uint8Array): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
