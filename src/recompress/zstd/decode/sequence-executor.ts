import type { PlainWindow } from "../../plain-window.ts";
import { BrokenStream } from "../../stream-errors.ts";
import type { LiteralsSection, SequencesSection } from "../decoded-block.ts";

/** From this length on, the engine's own copy is faster than a loop. */
const LONG_COPY_BYTES = 128;

/** What matches may reach, in window positions and bytes. */
export interface Reach {
  readonly frameStart: number;
  readonly windowBytes: number;
  /** Plain bytes that the block may have at most. */
  readonly mostBytes: number;
}

/** Makes plain bytes from literals and sequences (RFC 8878 section 3.1.1.4). */
export class SequenceExecutor {
  readonly #window: PlainWindow;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** The last three offsets, newest first (RFC 8878 section 3.1.1.5). */
  #newest = 1;
  #second = 4;
  #third = 8;
  #literals: DataView = new DataView(new ArrayBuffer(0));
  /** The position after the bytes made so far. */
  #written = 0;

  constructor(window: PlainWindow) {
    this.#window = window;
    this.#bytes = window.bytes;
    this.#view = window.view;
  }

  /** Goes back to the offsets that a frame begins with. */
  startFrame(): void {
    this.#newest = 1;
    this.#second = 4;
    this.#third = 8;
  }

  /**
   * Appends a block's plain bytes to the window. There has to be room for `mostBytes`.
   *
   * @throws {BrokenStream}
   */
  run(literals: LiteralsSection, sequences: SequencesSection, reach: Reach): void {
    const { bytes } = literals;
    this.#literals = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const used = this.#runSequences(literals.size, sequences, reach);
    const rest = bytes.subarray(used, literals.size);
    const start = this.#window.end;
    if (rest.length > reach.mostBytes - (this.#written - start)) {
      throw new BrokenStream("a block is larger than it may be");
    }
    this.#bytes.set(rest, this.#written);
    this.#window.end = this.#written + rest.length;
  }

  /** @returns how many literals were used. */
  #runSequences(literalCount: number, section: SequencesSection, reach: Reach): number {
    const { sequences } = section;
    const { frameStart, windowBytes } = reach;
    const end = 3 * section.count;
    const largest = this.#window.end + reach.mostBytes;
    let out = this.#window.end;
    let literal = 0;
    for (let at = 0; at < end; at += 3) {
      const literalLength = numberAt(sequences, at);
      const matchLength = numberAt(sequences, at + 1);
      const value = numberAt(sequences, at + 2);
      if (literal + literalLength > literalCount) throw new BrokenStream("literals run out");
      if (out + literalLength + matchLength > largest) {
        throw new BrokenStream("a block is larger than it may be");
      }
      this.#copyLiterals(out, literal, literalLength);
      out += literalLength;
      literal += literalLength;
      const offset = value > 3 ? this.#newOffset(value - 3) : this.#oldOffset(value, literalLength);
      if (offset > out - frameStart || offset > windowBytes || offset === 0) {
        throw new BrokenStream("a match begins before the window");
      }
      this.#copyMatch(out, offset, matchLength);
      out += matchLength;
    }
    this.#written = out;
    return literal;
  }

  #newOffset(offset: number): number {
    this.#third = this.#second;
    this.#second = this.#newest;
    this.#newest = offset;
    return offset;
  }

  /** Without literals before it, a match cannot go on with the newest offset: all move up by one. */
  #oldOffset(value: number, literalLength: number): number {
    const index = literalLength === 0 ? value + 1 : value;
    if (index === 1) return this.#newest;
    if (index === 2) {
      const offset = this.#second;
      this.#second = this.#newest;
      this.#newest = offset;
      return offset;
    }
    return this.#newOffset(index === 3 ? this.#third : this.#newest - 1);
  }

  /** May write up to three bytes too many, which the next copy overwrites. */
  #copyLiterals(out: number, from: number, length: number): void {
    const literals = this.#literals;
    const view = this.#view;
    for (let done = 0; done < length; done += 4) {
      view.setInt32(out + done, literals.getInt32(from + done, true), true);
    }
  }

  /** The same of the plain bytes; a match may overlap what it makes. */
  #copyMatch(out: number, offset: number, length: number): void {
    const from = out - offset;
    if (length >= LONG_COPY_BYTES && offset >= length) {
      this.#bytes.copyWithin(out, from, from + length);
    } else if (offset >= 4) {
      const view = this.#view;
      for (let done = 0; done < length; done += 4) {
        view.setInt32(out + done, view.getInt32(from + done, true), true);
      }
    } else {
      this.#repeat(out, offset, length);
    }
  }

  #repeat(out: number, offset: number, length: number): void {
    const bytes = this.#bytes;
    const end = out + length;
    if (offset === 1) {
      bytes.fill(bytes[out - 1] ?? 0, out, end);
      return;
    }
    for (let at = out; at < end; at++) bytes[at] = bytes[at - offset] ?? 0;
  }
}

function numberAt(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}
