import { PlainWindow } from "../plain-window.ts";
import { LARGEST_BLOCK_BYTES } from "./limits.ts";
import { freeBytes } from "./free-bytes.ts";
import type { DecodedBlock, FrameHeader } from "./decoded-block.ts";
import { limitingWindow } from "./frame-header.ts";
import type { BlockSpan } from "./sequence-finder.ts";

const MEBIBYTE = 1024 * 1024;
const ENOUGH_PLAIN_BYTES = 2 * MEBIBYTE;
const ENOUGH_SEQUENCES = 4000;
/** Where there are few sequences the sample goes on up to here. */
const MOST_PLAIN_BYTES = 8 * MEBIBYTE;

/** A block of the sample, with what its encoder chose. */
export interface SampleBlock {
  readonly span: BlockSpan;
  /** `undefined` when they are not to be seen. */
  readonly sequences: Int32Array | undefined;
  readonly count: number;
}

/** What shows of an encoder's settings. `undefined` where nothing does. */
export interface SeenSettings {
  readonly windowBytes: number | undefined;
  readonly blockBytes: number | undefined;
}

/** The first blocks of a stream, decoded once, for several engines to be tried on. */
export class StreamSample {
  readonly window = new PlainWindow(MOST_PLAIN_BYTES + LARGEST_BLOCK_BYTES);
  readonly #blocks: SampleBlock[] = [];
  readonly #frameEnds: number[] = [];
  #sequences = 0;
  #frameStart = 0;
  #isFrameStart = true;
  #header: FrameHeader | undefined;
  #windowBytes: number | undefined;
  /** Of the largest block that is neither empty nor its frame's last. */
  #fullBytes: number | undefined;
  #largestBytes = 0;
  #emptyEnds = 0;

  get blocks(): readonly SampleBlock[] {
    return this.#blocks;
  }

  /** Where frames end, empty ones apart, by position in the window. */
  get frameEnds(): readonly number[] {
    return this.#frameEnds;
  }

  get seen(): SeenSettings {
    const blockBytes = this.#isBlockSizeSeen ? this.#fullBytes : undefined;
    return { windowBytes: this.#windowBytes, blockBytes };
  }

  /** Whether most frames end with an empty block. */
  get endsEmpty(): boolean {
    return 2 * this.#emptyEnds > this.#frameEnds.length;
  }

  /** Whether an engine can be told from the others by it, or it must not grow any more. */
  get isEnough(): boolean {
    const { end } = this.window;
    return end >= ENOUGH_PLAIN_BYTES
      ? this.#sequences >= ENOUGH_SEQUENCES || end >= MOST_PLAIN_BYTES
      : false;
  }

  /** Blocks that an encoder was made to end early are smaller than others. */
  get #isBlockSizeSeen(): boolean {
    return this.#fullBytes === this.#largestBytes;
  }

  /** @param header kept until the frame's first block */
  frame(header: FrameHeader): void {
    this.#header = header;
    this.#frameStart = this.window.end;
    this.#isFrameStart = true;
  }

  /**
   * @param block kept
   * @param plain its bytes; they are copied
   * @returns where they are in the window.
   */
  block(block: DecodedBlock, plain: Uint8Array): BlockSpan {
    const isOnlyBlock = this.#isFrameStart && block.isLast;
    this.#note(block, plain.length);
    const start = this.window.end;
    this.window.append(plain);
    const span = { start, end: this.window.end, frameStart: this.#frameStart, isOnlyBlock };
    const { sequences } = block;
    const count = sequences?.count ?? 0;
    this.#sequences += count;
    this.#blocks.push({
      span,
      sequences: count === 0 ? undefined : sequences?.sequences,
      count,
    });
    this.#isFrameStart = false;
    if (block.isLast && this.window.end > this.#frameStart) this.#frameEnds.push(this.window.end);
    return span;
  }

  /** It is not used any more, nor any view of its window. */
  release(): void {
    freeBytes(this.window.bytes);
  }

  #note(block: DecodedBlock, sizeBytes: number): void {
    if (this.#isFrameStart && this.#header !== undefined) {
      this.#windowBytes ??= limitingWindow(this.#header, block.isLast);
    }
    if (!block.isLast && sizeBytes > 0) {
      this.#fullBytes = Math.max(this.#fullBytes ?? 0, sizeBytes);
    }
    this.#largestBytes = Math.max(this.#largestBytes, sizeBytes);
    if (block.isLast && sizeBytes === 0) this.#emptyEnds++;
  }
}
