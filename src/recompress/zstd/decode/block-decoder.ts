import { PlainWindow } from "../../plain-window.ts";
import { UnsupportedStream } from "../../stream-errors.ts";
import type { DecodedBlock } from "../decoded-block.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import type { InputBuffer } from "./input-buffer.ts";
import { LiteralsDecoder } from "./literals-decoder.ts";
import { SequenceExecutor } from "./sequence-executor.ts";
import { SequencesDecoder } from "./sequences-decoder.ts";

/** What a block's header says (RFC 8878 section 3.1.1.2). */
export interface BlockHeader {
  readonly type: DecodedBlock["type"];
  readonly isLast: boolean;
  /** Bytes of the block as it stands; of an RLE block its plain bytes. */
  readonly size: number;
}

/** Decodes the blocks of a frame one by one into a window, each from what the input has gathered. */
export class BlockDecoder {
  readonly #input: InputBuffer;
  readonly #literals: LiteralsDecoder;
  readonly #sequences: SequencesDecoder;
  #window = new PlainWindow(0);
  #executor = new SequenceExecutor(this.#window);
  #frameStart = 0;
  #windowBytes = 0;
  /** Bytes that a block of the frame may have, as it stands or plain. */
  mostBytes = 0;

  constructor(input: InputBuffer) {
    this.#input = input;
    this.#literals = new LiteralsDecoder(input);
    this.#sequences = new SequencesDecoder(input);
  }

  /** @param windowBytes how far back the frame may match */
  startFrame(window: PlainWindow, windowBytes: number): void {
    if (window !== this.#window) {
      this.#window = window;
      this.#executor = new SequenceExecutor(window);
    }
    this.#literals.startFrame();
    this.#sequences.startFrame();
    this.#executor.startFrame();
    this.#frameStart = window.end;
    this.#windowBytes = windowBytes;
    this.mostBytes = Math.min(windowBytes, LARGEST_BLOCK_BYTES);
  }

  /** The window forgot its first `by` bytes. */
  slide(by: number): void {
    this.#frameStart = Math.max(this.#frameStart - by, 0);
  }

  /**
   * Decodes the block that is gathered; appends its plain bytes to the window, where there has to be
   * room for `mostBytes`.
   *
   * @throws {BrokenStream} for what the format forbids.
   * @throws {UnsupportedStream} for what no known encoder writes.
   */
  decode(header: BlockHeader): DecodedBlock {
    const { type, isLast } = header;
    const start = this.#window.end;
    if (type === "compressed") return this.#decodeCompressed(isLast);
    if (type === "raw") this.#window.append(this.#input.gathered);
    else this.#appendRepeated(this.#input.gathered[0] ?? 0, header.size);
    const { end } = this.#window;
    return { type, isLast, start, end, literals: undefined, sequences: undefined };
  }

  #appendRepeated(byte: number, size: number): void {
    if (size === 0) throw new UnsupportedStream("a block is an empty run");
    const { bytes, end } = this.#window;
    bytes.fill(byte, end, end + size);
    this.#window.end = end + size;
  }

  #decodeCompressed(isLast: boolean): DecodedBlock {
    const { mostBytes } = this;
    const from = this.#input.start;
    const to = from + this.#input.size;
    const start = this.#window.end;
    const literals = this.#literals.decode({ from, to }, mostBytes);
    const sequences = this.#sequences.decode({ from: this.#literals.end, to });
    const reach = { frameStart: this.#frameStart, windowBytes: this.#windowBytes, mostBytes };
    this.#executor.run(literals, sequences, reach);
    return { type: "compressed", isLast, start, end: this.#window.end, literals, sequences };
  }
}
