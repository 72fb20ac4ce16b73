import { BrokenStream, UnsupportedStream } from "../../stream-errors.ts";
import {
  LITERAL_LENGTH_BASES,
  LITERAL_LENGTH_BITS,
  MATCH_LENGTH_BASES,
  MATCH_LENGTH_BITS,
} from "../codes.ts";
import type { CodeBytes, SequencesSection } from "../decoded-block.ts";
import type { FseDecodingTable } from "../fse.ts";
import { LONG_COUNT, MOST_SEQUENCES } from "../limits.ts";
import type { InputSpan } from "./huffman-streams.ts";
import type { InputBuffer } from "./input-buffer.ts";
import { createSequenceTables } from "./sequence-tables.ts";

/** Offsets with more extra bits lie beyond the largest window that is read. */
const MOST_OFFSET_BITS = 27;
/** Bits that one load of four bytes is sure to give. */
const LOAD_BITS = 25;

/** Decodes sequences sections; keeps the tables from block to block. */
export class SequencesDecoder {
  readonly #input: InputBuffer;
  readonly #tables = createSequenceTables();
  readonly #sequences = new Int32Array(3 * MOST_SEQUENCES);
  readonly #codes: CodeBytes = {
    literals: new Uint8Array(MOST_SEQUENCES),
    offsets: new Uint8Array(MOST_SEQUENCES),
    matches: new Uint8Array(MOST_SEQUENCES),
  };

  constructor(input: InputBuffer) {
    this.#input = input;
  }

  /** Forgets the tables. */
  startFrame(): void {
    for (const table of this.#tables) table.startFrame();
  }

  /**
   * Decodes the section that ends a block (RFC 8878 section 3.1.1.3.2).
   *
   * @param span where it lies in the input
   * @throws {BrokenStream}
   * @throws {UnsupportedStream} when its bits are not the ones that its sequences lead to.
   */
  decode(span: InputSpan): SequencesSection {
    const { count, countBytes } = this.#readCount(span);
    const sequences = this.#sequences;
    const afterCount = span.from + countBytes;
    if (afterCount > span.to) throw new BrokenStream("a sequences section is cut off");
    if (count > MOST_SEQUENCES) throw new BrokenStream("a block has too many sequences");
    if (count > 0) return this.#decodeSome(count, countBytes, span);
    if (afterCount !== span.to) throw new BrokenStream("a block is longer than what it says");
    return { count, countBytes, modes: 0, sequences, tables: [undefined, undefined, undefined] };
  }

  #readCount({ from }: InputSpan): { readonly count: number; readonly countBytes: number } {
    const first = this.#input.number(from, 1);
    if (first < 128) return { count: first, countBytes: 1 };
    if (first === 255) {
      return { count: this.#input.number(from + 1, 2) + LONG_COUNT, countBytes: 3 };
    }
    return { count: ((first - 128) << 8) + this.#input.number(from + 1, 1), countBytes: 2 };
  }

  #decodeSome(count: number, countBytes: number, { from, to }: InputSpan): SequencesSection {
    const modesAt = from + countBytes;
    const modes = this.#input.number(modesAt, 1);
    if ((modes & 3) !== 0) throw new BrokenStream("reserved bits are set in a block's modes");
    const [literals, offsets, matches] = this.#tables;
    const tables = [
      literals.read(modes >> 6, this.#input, { from: modesAt + 1, to }),
      offsets.read(modes >> 4, this.#input, { from: literals.end, to }),
      matches.read(modes >> 2, this.#input, { from: offsets.end, to }),
    ] as const;
    this.#decodeBits(count, tables, { from: matches.end, to });
    return {
      count,
      countBytes,
      modes,
      sequences: this.#sequences,
      codes: this.#codes,
      tables: [literals.description, offsets.description, matches.description],
    };
  }

  /**
   * The bits of all sequences, from the last to the first (RFC 8878 section 3.1.1.3.2.1.2): extra bits of
   * offset, match length and literal length, then those that lead to the next states.
   */
  #decodeBits(count: number, tables: SequenceTables, span: InputSpan): void {
    const { view } = this.#input;
    const sequences = this.#sequences;
    const { literals, offsets, matches } = this.#codes;
    const [literalTable, offsetTable, matchTable] = tables;
    const literalEntries = literalTable.entries;
    const offsetEntries = offsetTable.entries;
    const matchEntries = matchTable.entries;
    const first = span.from * 8;
    let position = this.#lastBit(span) - literalTable.log;
    let literalState = bitsAt(view, position, literalTable.log);
    position -= offsetTable.log;
    let offsetState = bitsAt(view, position, offsetTable.log);
    position -= matchTable.log;
    let matchState = bitsAt(view, position, matchTable.log);
    for (let index = 0, at = 0; ; index++, at += 3) {
      const literal = entryAt(literalEntries, literalState);
      const offset = entryAt(offsetEntries, offsetState);
      const match = entryAt(matchEntries, matchState);
      literals[index] = literal;
      offsets[index] = offset;
      matches[index] = match;
      const offsetBits = offset & 255;
      position -= offsetBits;
      sequences[at + 2] = (1 << offsetBits) + longBitsAt(view, position, offsetBits);
      const matchBits = extraBits(MATCH_LENGTH_BITS, match & 255);
      position -= matchBits;
      sequences[at + 1] =
        entryAt(MATCH_LENGTH_BASES, match & 255) + bitsAt(view, position, matchBits);
      const literalBits = extraBits(LITERAL_LENGTH_BITS, literal & 255);
      position -= literalBits;
      sequences[at] =
        entryAt(LITERAL_LENGTH_BASES, literal & 255) + bitsAt(view, position, literalBits);
      if (index === count - 1) break;
      position -= (literal >> 8) & 255;
      literalState = (literal >> 16) + bitsAt(view, position, (literal >> 8) & 255);
      position -= (match >> 8) & 255;
      matchState = (match >> 16) + bitsAt(view, position, (match >> 8) & 255);
      position -= (offset >> 8) & 255;
      offsetState = (offset >> 16) + bitsAt(view, position, (offset >> 8) & 255);
      if (position < first) throw new BrokenStream("the bits of a block's sequences are cut off");
    }
    checkEnd(position, first);
    checkLastState(literalTable, literalState);
    checkLastState(offsetTable, offsetState);
    checkLastState(matchTable, matchState);
  }

  /** @returns the position of the bit that marks the end. */
  #lastBit({ from, to }: InputSpan): number {
    const last = to > from ? this.#input.number(to - 1, 1) : 0;
    if (last === 0) throw new BrokenStream("the bits of a block's sequences have no end");
    return (to - 1) * 8 + 31 - Math.clz32(last);
  }
}

type SequenceTables = readonly [FseDecodingTable, FseDecodingTable, FseDecodingTable];

function entryAt(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

function extraBits(table: Uint8Array, code: number): number {
  return table[code] ?? 0;
}

/** @param count up to 25 */
function bitsAt(view: DataView, position: number, count: number): number {
  return (view.getUint32(position >> 3, true) >>> (position & 7)) & ((1 << count) - 1);
}

/** @param count up to 27 */
function longBitsAt(view: DataView, position: number, count: number): number {
  if (count <= LOAD_BITS) return bitsAt(view, position, count);
  if (count > MOST_OFFSET_BITS) throw new BrokenStream("an offset lies beyond the window");
  return (bitsAt(view, position + 16, count - 16) << 16) | bitsAt(view, position, 16);
}

function checkEnd(position: number, first: number): void {
  if (position !== first)
    throw new BrokenStream("the bits of a block's sequences do not come out even");
}

/**
 * Nothing depends on the state of the sequence read last but its symbol, and every known encoder begins
 * in the lowest such state. Another choice could not be said in a recipe.
 */
function checkLastState({ entries }: FseDecodingTable, state: number): void {
  const symbol = (entries[state] ?? 0) & 255;
  const lowest = entries.findIndex((entry) => (entry & 255) === symbol);
  if (lowest !== state)
    throw new UnsupportedStream("a block's sequences begin in an unusual state");
}
