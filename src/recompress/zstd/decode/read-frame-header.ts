import { BrokenStream, UnsupportedStream } from "../../stream-errors.ts";
import type { FrameHeader } from "../decoded-block.ts";

/** Magic number and descriptor: what says how long a header is. */
export const HEADER_START_BYTES = 5;

const SMALLEST_WINDOW_LOG = 10;
const SHORT_SIZE_OFFSET = 256;

/** The fields of a frame's descriptor (RFC 8878 section 3.1.1.1.1). */
function fieldsOf(descriptor: number) {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  return {
    isSingleSegment,
    isReserved: (descriptor & 0x08) !== 0,
    hasChecksum: (descriptor & 0x04) !== 0,
    windowBytes: isSingleSegment ? 0 : 1,
    dictionaryBytes: [0, 1, 2, 4][descriptor & 3] ?? 0,
    contentSizeBytes: [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0,
  };
}

/**
 * How many bytes a frame's header takes.
 *
 * @param descriptor the byte after the magic number
 * @throws {BrokenStream} when a reserved bit is set.
 */
export function frameHeaderBytes(descriptor: number): number {
  const fields = fieldsOf(descriptor);
  if (fields.isReserved) throw new BrokenStream("a reserved bit is set in a frame's header");
  const { windowBytes, dictionaryBytes, contentSizeBytes } = fields;
  return HEADER_START_BYTES + windowBytes + dictionaryBytes + contentSizeBytes;
}

/**
 * Reads a frame's header (RFC 8878 section 3.1.1.1).
 *
 * @param bytes the whole header, magic number and all
 * @throws {UnsupportedStream} when the frame needs a dictionary.
 */
export function readFrameHeader(bytes: Uint8Array): FrameHeader {
  const descriptor = bytes[HEADER_START_BYTES - 1] ?? 0;
  const fields = fieldsOf(descriptor);
  const dictionaryAt = HEADER_START_BYTES + fields.windowBytes;
  const sizeAt = dictionaryAt + fields.dictionaryBytes;
  if (littleEndian(bytes.subarray(dictionaryAt, sizeAt)) !== 0) {
    throw new UnsupportedStream("a frame needs a dictionary");
  }
  const contentSize = contentSizeIn(bytes.subarray(sizeAt));
  const windowDescriptor = fields.isSingleSegment ? undefined : bytes[HEADER_START_BYTES];
  const windowSize =
    windowDescriptor === undefined ? (contentSize ?? 0) : windowSizeOf(windowDescriptor);
  const { hasChecksum } = fields;
  return { bytes, descriptor, windowDescriptor, windowSize, contentSize, hasChecksum };
}

function contentSizeIn(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0) return undefined;
  return littleEndian(bytes) + (bytes.length === 2 ? SHORT_SIZE_OFFSET : 0);
}

/** Five bits of exponent, three bits of eighths. */
function windowSizeOf(descriptor: number): number {
  const base = 2 ** (SMALLEST_WINDOW_LOG + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Beyond 2^53 the nearest number. */
function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
