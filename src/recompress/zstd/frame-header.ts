/**
 * Frame headers as klauspost/compress writes them (RFC 8878 section 3.1.1.1).
 *
 * With several blocks, or nothing at all, the encoder wrote as bytes came and did not know how many there
 * would be: the header has the window and no content size. A frame of one block was written when all was
 * known: content size (from 256 bytes on), and beyond 1 KiB no window ("single segment"); up to there the
 * window is the power of two above the size, at least 1 KiB. All have a checksum.
 */
import type { FrameHeader } from "./decoded-block.ts";
import { highBit } from "./tables/histogram.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const CHECKSUM_FLAG = 0x04;
const SINGLE_SEGMENT_FLAG = 0x20;
const SMALLEST_WINDOW_LOG = 10;
const SMALLEST_WINDOW = 1024;
const TWO_BYTES_FROM = 256;
const FOUR_BYTES_FROM = 65_536 + 256;

/** What the header of a frame depends on. */
export interface FrameShape {
  /** Plain bytes of the frame's only block; `undefined` when it has several. */
  readonly onlyBlockBytes: number | undefined;
  /** The encoder's window. */
  readonly windowBytes: number;
}

/** @returns the header that the encoder would write, magic number and all. */
export function predictFrameHeader({ onlyBlockBytes, windowBytes }: FrameShape): Uint8Array {
  if (onlyBlockBytes === undefined || onlyBlockBytes === 0) {
    return Uint8Array.of(...MAGIC, CHECKSUM_FLAG, windowDescriptor(windowBytes));
  }
  const size = contentSize(onlyBlockBytes);
  if (onlyBlockBytes > SMALLEST_WINDOW) {
    const descriptor = CHECKSUM_FLAG | SINGLE_SEGMENT_FLAG | size.flag;
    return Uint8Array.of(...MAGIC, descriptor, ...size.bytes);
  }
  const window = Math.max(2 ** (highBit(onlyBlockBytes) + 1), SMALLEST_WINDOW);
  return Uint8Array.of(
    ...MAGIC,
    CHECKSUM_FLAG | size.flag,
    windowDescriptor(window),
    ...size.bytes,
  );
}

function windowDescriptor(windowBytes: number): number {
  return (highBit(windowBytes - 1) + 1 - SMALLEST_WINDOW_LOG) << 3;
}

function contentSize(bytes: number): { readonly flag: number; readonly bytes: readonly number[] } {
  if (bytes < TWO_BYTES_FROM) return { flag: 0, bytes: [] };
  if (bytes < FOUR_BYTES_FROM) {
    const rest = bytes - TWO_BYTES_FROM;
    return { flag: 1 << 6, bytes: [rest & 255, rest >> 8] };
  }
  return { flag: 2 << 6, bytes: [0, 8, 16, 24].map((shift) => (bytes >>> shift) & 255) };
}

/** @returns the window of a frame of several blocks, unless all of the frame fits into it. */
export function limitingWindow(header: FrameHeader, isOnlyBlock: boolean): number | undefined {
  if (isOnlyBlock || header.windowDescriptor === undefined) return undefined;
  const { contentSize: content, windowSize } = header;
  return content === undefined || content > windowSize ? windowSize : undefined;
}
