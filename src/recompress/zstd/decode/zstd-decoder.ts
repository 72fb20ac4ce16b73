import { PlainWindow } from "../../plain-window.ts";
import { BrokenStream, UnsupportedStream } from "../../stream-errors.ts";
import type { FrameHeader, ZstdHandler } from "../decoded-block.ts";
import { freeBytes } from "../free-bytes.ts";
import { LARGEST_BLOCK_BYTES } from "../limits.ts";
import { Xxh64 } from "../xxh64.ts";
import { BlockDecoder, type BlockHeader } from "./block-decoder.ts";
import { InputBuffer } from "./input-buffer.ts";
import { frameHeaderBytes, HEADER_START_BYTES, readFrameHeader } from "./read-frame-header.ts";

const FRAME_MAGIC = 0xfd2fb528;
/** Sixteen magic numbers, which differ in the lowest four bits. */
const FIRST_SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MAGICS = 16;
const MAGIC_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const LARGEST_WINDOW_BYTES = 64 * 1024 * 1024;
/** The window slides when so many bytes more than those kept have come, or as many as those kept. */
const MOST_SPARE_BYTES = 4 * 1024 * 1024;
const LEAST_SPARE_BYTES = 1024 * 1024;

/** How a {@link ZstdDecoder} is set up. */
export interface ZstdDecoderOptions {
  /**
   * The window forgot its first `by` bytes. Called between blocks, before the bytes of the next one are
   * appended.
   */
  readonly onSlide?: (by: number) => void;
  /** Plain bytes that stay in the window even when a frame's window is smaller. None by default. */
  readonly keptBytes?: number;
}

type Part = "magic" | "skippable-header" | "skippable" | "descriptor" | "header" | BlockPart;
type BlockPart = "block-header" | "block" | "checksum";

/**
 * Decodes a zstd stream and tells every decision that its encoder took (RFC 8878 section 3).
 *
 * It is as strict as the reference decoder, and stricter where the format is: an empty compressed block,
 * a code of 12 bits, a match from before the frame's window, bytes after the last frame and a wrong
 * content size before an empty last block are all refused. After an error it must not be used again.
 */
export class ZstdDecoder {
  readonly #handler: ZstdHandler;
  readonly #options: ZstdDecoderOptions;
  readonly #input = new InputBuffer();
  readonly #blocks = new BlockDecoder(this.#input);
  readonly #hash = new Xxh64();
  #window: PlainWindow | undefined;
  #part: Part = "magic";
  /** Bytes that the part takes in all. */
  #wanted = MAGIC_BYTES;
  #skippableLeft = 0;
  #header: FrameHeader | undefined;
  #block: BlockHeader = { type: "raw", isLast: false, size: 0 };
  #frameBytes = 0;
  #frames = 0;

  constructor(handler: ZstdHandler, options: ZstdDecoderOptions = {}) {
    this.#handler = handler;
    this.#options = options;
  }

  /**
   * The plain bytes. Made when it is first asked for or needed; when a frame has a larger window than all
   * before, a new and empty one takes its place before the handler is told of that frame.
   */
  get window(): PlainWindow {
    this.#window ??= createWindow(this.#keptBytes(0));
    return this.#window;
  }

  /**
   * Takes the next bytes of the stream, however they are cut. The handler is told of all that is complete.
   *
   * @throws {BrokenStream} for what the format forbids.
   * @throws {UnsupportedStream} for dictionaries, windows beyond 64 MiB, and what no known encoder writes.
   */
  write(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      at = this.#part === "skippable" ? this.#passOn(bytes, at) : this.#gather(bytes, at);
    }
  }

  /** The stream has ended. Call once. @throws {BrokenStream} when it is not complete. */
  end(): void {
    const isBetweenFrames = this.#part === "magic" && this.#input.size === 0;
    if (!isBetweenFrames || this.#frames === 0) throw new BrokenStream("the stream ends early");
  }

  /** It is not used any more, nor any view of its window. */
  release(): void {
    if (this.#window !== undefined) freeBytes(this.#window.bytes);
  }

  #gather(bytes: Uint8Array, at: number): number {
    const next = this.#input.fill(bytes, at, this.#wanted);
    while (this.#input.size === this.#wanted) this.#take();
    return next;
  }

  /** Begins a part with nothing gathered. */
  #expect(part: Part, wanted: number): void {
    this.#input.size = 0;
    this.#goOn(part, wanted);
  }

  /** Begins a part of which the gathered bytes are the start. */
  #goOn(part: Part, wanted: number): void {
    this.#part = part;
    this.#wanted = wanted;
  }

  #take(): void {
    switch (this.#part) {
      case "magic":
        return this.#takeMagic();
      case "skippable-header":
        return this.#takeSkippableHeader();
      case "descriptor":
        return this.#goOn("header", frameHeaderBytes(this.#descriptor()));
      case "header":
        return this.#takeHeader();
      case "block-header":
        return this.#takeBlockHeader();
      case "block":
        return this.#takeBlock();
      case "checksum":
        return this.#takeChecksum();
      case "skippable":
        return undefined;
    }
  }

  #takeMagic(): void {
    const magic = this.#number(MAGIC_BYTES);
    this.#frames++;
    if (magic === FRAME_MAGIC) this.#goOn("descriptor", HEADER_START_BYTES);
    else if (magic >= FIRST_SKIPPABLE_MAGIC && magic < FIRST_SKIPPABLE_MAGIC + SKIPPABLE_MAGICS) {
      this.#goOn("skippable-header", SKIPPABLE_HEADER_BYTES);
    } else throw new BrokenStream("a frame begins with an unknown magic number");
  }

  #takeSkippableHeader(): void {
    const { gathered, start } = this.#input;
    this.#skippableLeft = this.#input.number(start + MAGIC_BYTES, MAGIC_BYTES);
    this.#handler.skippable(gathered, this.#skippableLeft === 0);
    if (this.#skippableLeft === 0) this.#expect("magic", MAGIC_BYTES);
    else this.#expect("skippable", Infinity);
  }

  #passOn(bytes: Uint8Array, at: number): number {
    const piece = bytes.subarray(at, Math.min(bytes.length, at + this.#skippableLeft));
    this.#skippableLeft -= piece.length;
    this.#handler.skippable(piece, this.#skippableLeft === 0);
    if (this.#skippableLeft === 0) this.#expect("magic", MAGIC_BYTES);
    return at + piece.length;
  }

  #takeHeader(): void {
    const header = readFrameHeader(this.#input.gathered);
    if (header.windowSize > LARGEST_WINDOW_BYTES) {
      throw new UnsupportedStream("a frame has a window of more than 64 MiB");
    }
    this.#makeWindow(header.windowSize);
    this.#forget(this.window.end - this.#keptBytes(0), MOST_SPARE_BYTES);
    this.#blocks.startFrame(this.window, header.windowSize);
    this.#hash.reset();
    this.#frameBytes = 0;
    this.#header = header;
    this.#handler.frame(header);
    this.#expect("block-header", BLOCK_HEADER_BYTES);
  }

  #keptBytes(windowBytes: number): number {
    return Math.max(windowBytes, this.#options.keptBytes ?? 0);
  }

  /** Nothing before the frame can be matched, so a window that is too small may go. */
  #makeWindow(windowBytes: number): void {
    const old = this.#window;
    const keptBytes = this.#keptBytes(windowBytes);
    if (old !== undefined && old.capacity >= capacityFor(keptBytes)) return;
    this.#window = createWindow(keptBytes);
    if (old === undefined) return;
    this.#window.slid = old.slid + old.end;
    freeBytes(old.bytes);
  }

  #takeBlockHeader(): void {
    const number = this.#number(BLOCK_HEADER_BYTES);
    const type = (["raw", "rle", "compressed"] as const)[(number >> 1) & 3];
    if (type === undefined) throw new BrokenStream("a block is of the reserved type");
    const size = number >> 3;
    if (size > this.#blocks.mostBytes) throw new BrokenStream("a block is larger than it may be");
    this.#block = { type, isLast: number % 2 === 1, size };
    this.#expect("block", type === "rle" ? 1 : size);
  }

  #takeBlock(): void {
    this.#makeRoom();
    const block = this.#blocks.decode(this.#block);
    this.#frameBytes += block.end - block.start;
    if (this.#header?.hasChecksum === true) {
      this.#hash.update(this.window.bytes, block.start, block.end);
    }
    this.#handler.block(block);
    this.#input.size = 0;
    if (!block.isLast) this.#expect("block-header", BLOCK_HEADER_BYTES);
    else this.#endBlocks();
  }

  #makeRoom(): void {
    const { window } = this;
    if (window.free >= LARGEST_BLOCK_BYTES) return;
    this.#forget(window.end - this.#keptBytes(this.#header?.windowSize ?? 0), 0);
  }

  /** Has the window slide, unless it is by no more than `least`. */
  #forget(by: number, least: number): void {
    if (by <= least) return;
    this.window.slide(by);
    this.#blocks.slide(by);
    this.#options.onSlide?.(by);
  }

  #endBlocks(): void {
    const size = this.#header?.contentSize ?? this.#frameBytes;
    if (size !== this.#frameBytes) {
      throw new BrokenStream("a frame's content has another size than its header says");
    }
    if (this.#header?.hasChecksum === true) this.#expect("checksum", CHECKSUM_BYTES);
    else this.#endFrame(undefined);
  }

  #takeChecksum(): void {
    const checksum = this.#input.gathered;
    if (this.#hash.lowBytes().some((byte, index) => byte !== checksum[index])) {
      throw new BrokenStream("a frame's checksum is wrong");
    }
    this.#endFrame(checksum);
  }

  #endFrame(checksum: Uint8Array | undefined): void {
    this.#handler.frameEnd(checksum);
    this.#expect("magic", MAGIC_BYTES);
  }

  #descriptor(): number {
    return this.#input.number(this.#input.start + MAGIC_BYTES, 1);
  }

  #number(count: number): number {
    return this.#input.number(this.#input.start, count);
  }
}

function createWindow(keptBytes: number): PlainWindow {
  return new PlainWindow(capacityFor(keptBytes));
}

function capacityFor(keptBytes: number): number {
  return keptBytes + Math.min(Math.max(keptBytes, LEAST_SPARE_BYTES), MOST_SPARE_BYTES);
}
