import { BrokenStream } from "../../stream-errors.ts";
import type { HuffmanDecodingTable } from "../huffman.ts";
import type { InputBuffer } from "./input-buffer.ts";

/** Bits that one load of four bytes is sure to give, whatever bit it begins at. */
const LOAD_BITS = 25;

/** A stream of Huffman codes, read from its end (RFC 8878 section 4.2.2), and where its bytes go. */
class CodeStream {
  /** Of the input's bits, the first one of the stream. */
  first = 0;
  /** Bits from here on are read. */
  position = 0;
  /** The next byte's index in the output. */
  at = 0;
  to = 0;
}

/** Decodes the streams of a block's literals. */
export class HuffmanStreams {
  readonly #input: InputBuffer;
  readonly #output: Uint8Array;
  readonly #streams = [
    new CodeStream(),
    new CodeStream(),
    new CodeStream(),
    new CodeStream(),
  ] as const;

  constructor(input: InputBuffer, output: Uint8Array) {
    this.#input = input;
    this.#output = output;
  }

  /**
   * Decodes one stream into the first `size` bytes of the output.
   *
   * @param span where the stream lies in the input
   * @throws {BrokenStream} when it does not hold `size` codes exactly.
   */
  one(table: HuffmanDecodingTable, span: InputSpan, size: number): void {
    const [stream] = this.#streams;
    this.#open(stream, span);
    stream.at = 0;
    stream.to = size;
    this.#finish(stream, table);
  }

  /**
   * Decodes four streams, each of a quarter of the bytes, into the first `size` bytes of the output. Six
   * bytes say how long the first three are (RFC 8878 section 3.1.1.3.1.6).
   *
   * @throws {BrokenStream} as {@link one}.
   */
  four(table: HuffmanDecodingTable, span: InputSpan, size: number): void {
    const quarter = (size + 3) >> 2;
    let from = span.from + 6;
    for (const [index, stream] of this.#streams.entries()) {
      const isLast = index === 3;
      const length = isLast ? span.to - from : this.#input.number(span.from + 2 * index, 2);
      this.#open(stream, { from, to: from + length });
      stream.at = index * quarter;
      stream.to = isLast ? size : stream.at + quarter;
      from += length;
    }
    this.#together(table);
    for (const stream of this.#streams) this.#finish(stream, table);
  }

  #open(stream: CodeStream, { from, to }: InputSpan): void {
    const last = to > from ? (this.#input.bytes[to - 1] ?? 0) : 0;
    if (last === 0) throw new BrokenStream("a stream of literals has no end");
    stream.first = from * 8;
    stream.position = (to - 1) * 8 + 31 - Math.clz32(last);
  }

  /** Two codes of each of the four streams at a time, while there is plenty of all. */
  #together(table: HuffmanDecodingTable): void {
    const [a, b, c, d] = this.#streams;
    const { view } = this.#input;
    const output = this.#output;
    const { entries } = table;
    const shift = LOAD_BITS - table.log;
    const mask = (1 << table.log) - 1;
    const quarter = b.at;
    const end = d.to - 3 * quarter - 1;
    let [pa, pb, pc, pd] = [a.position, b.position, c.position, d.position];
    let at = 0;
    for (; at < end; at += 2) {
      const qa = pa - LOAD_BITS;
      const qb = pb - LOAD_BITS;
      const qc = pc - LOAD_BITS;
      const qd = pd - LOAD_BITS;
      if (qa < a.first || qb < b.first || qc < c.first || qd < d.first) break;
      const wa = view.getUint32(qa >> 3, true) >>> (qa & 7);
      const wb = view.getUint32(qb >> 3, true) >>> (qb & 7);
      const wc = view.getUint32(qc >> 3, true) >>> (qc & 7);
      const wd = view.getUint32(qd >> 3, true) >>> (qd & 7);
      const xa = entryAt(entries, (wa >>> shift) & mask);
      const xb = entryAt(entries, (wb >>> shift) & mask);
      const xc = entryAt(entries, (wc >>> shift) & mask);
      const xd = entryAt(entries, (wd >>> shift) & mask);
      const ya = entryAt(entries, (wa >>> (shift - (xa >> 8))) & mask);
      const yb = entryAt(entries, (wb >>> (shift - (xb >> 8))) & mask);
      const yc = entryAt(entries, (wc >>> (shift - (xc >> 8))) & mask);
      const yd = entryAt(entries, (wd >>> (shift - (xd >> 8))) & mask);
      output[at] = xa;
      output[at + 1] = ya;
      output[quarter + at] = xb;
      output[quarter + at + 1] = yb;
      output[2 * quarter + at] = xc;
      output[2 * quarter + at + 1] = yc;
      output[3 * quarter + at] = xd;
      output[3 * quarter + at + 1] = yd;
      pa -= (xa >> 8) + (ya >> 8);
      pb -= (xb >> 8) + (yb >> 8);
      pc -= (xc >> 8) + (yc >> 8);
      pd -= (xd >> 8) + (yd >> 8);
    }
    for (const stream of this.#streams) stream.at += at;
    [a.position, b.position, c.position, d.position] = [pa, pb, pc, pd];
  }

  /** What is left of one stream: two codes at a time while there is plenty, then one by one. */
  #finish(stream: CodeStream, table: HuffmanDecodingTable): void {
    const { view } = this.#input;
    const { entries, log } = table;
    const mask = (1 << log) - 1;
    const { first, to } = stream;
    let { at, position } = stream;
    for (; at + 1 < to && position - LOAD_BITS >= first; at += 2) {
      const from = position - LOAD_BITS;
      const word = view.getUint32(from >> 3, true) >>> (from & 7);
      const one = entryAt(entries, (word >>> (LOAD_BITS - log)) & mask);
      const two = entryAt(entries, (word >>> (LOAD_BITS - log - (one >> 8))) & mask);
      this.#output[at] = one;
      this.#output[at + 1] = two;
      position -= (one >> 8) + (two >> 8);
    }
    for (; at < to && position > first; at++) {
      const from = position - log;
      const entry = entryAt(entries, (view.getUint32(from >> 3, true) >>> (from & 7)) & mask);
      this.#output[at] = entry;
      position -= entry >> 8;
    }
    if (at < to || position !== first) {
      throw new BrokenStream("a stream of literals has another length than it says");
    }
  }
}

/** Indexes into the input. */
export interface InputSpan {
  readonly from: number;
  readonly to: number;
}

function entryAt(entries: Uint16Array, index: number): number {
  return entries[index] ?? 0;
}
