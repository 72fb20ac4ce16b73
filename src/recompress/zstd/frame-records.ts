/**
 * What the recipe says of a frame, or a skippable frame: one number in `items`, in the order of the
 * stream. A usual frame is 0.
 *
 * | bits | |
 * |---|---|
 * | 0 | a skippable frame: its size with the header follows, its bytes stand in `bytes`; or, if bit 1 is set as well, `documents` has what it is made of, see `chunked/document-records.ts` |
 * | 1 | the header is not as predicted: its size follows, its bytes stand in `bytes` |
 * | 2 | the window of the finder grows: its size follows |
 * | 3-4 | checksum: 0 as computed, 1 none, 2 in `bytes` |
 *
 * The number is written when the frame has ended, so `bytes` holds header and checksum one after the other.
 */
import type { ColumnReader } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { ZstdColumnReaders, ZstdColumnWriters } from "./zstd-columns.ts";
import { MOST_WINDOW_BYTES } from "./zstd-head.ts";

const SKIPPABLE = 1;
const DOCUMENT = 3;
const OWN_HEADER = 2;
const GROWN_WINDOW = 4;
const MOST_FLAGS = 31;
const CHECKSUM_SHIFT = 3;
const CHECKSUM_BYTES = 4;
const CHECKSUMS = ["computed", "none", "stored"] as const;
/** RFC 8878 section 3.1.1.1: magic number, descriptor, window, dictionary, content size. */
const MOST_HEADER_BYTES = 18;

/** A frame as the recipe tells it. */
export interface FrameRecord {
  readonly kind: "frame";
  /** Where the encoder's rule makes another. */
  readonly header: Uint8Array | undefined;
  /** How far matches reach from this frame on. */
  readonly grownWindowBytes: number | undefined;
  readonly checksum: (typeof CHECKSUMS)[number];
  /** Four bytes, when the checksum is stored. */
  readonly checksumBytes: Uint8Array | undefined;
}

/** A skippable frame; the content stands in the column `bytes`. */
export interface SkippableRecord {
  readonly kind: "skippable";
  readonly sizeBytes: number;
}

/** A skippable frame that is made of what the column `documents` says. */
export interface DocumentItem {
  readonly kind: "document";
}

/** Writes a frame's record, once it has ended. */
export function writeFrameRecord(columns: ZstdColumnWriters, record: FrameRecord): void {
  let flags = CHECKSUMS.indexOf(record.checksum) << CHECKSUM_SHIFT;
  if (record.header !== undefined) flags |= OWN_HEADER;
  if (record.grownWindowBytes !== undefined) flags |= GROWN_WINDOW;
  columns.items.number(flags);
  if (record.header !== undefined) {
    columns.items.number(record.header.length);
    columns.bytes.raw(record.header);
  }
  if (record.grownWindowBytes !== undefined) columns.items.number(record.grownWindowBytes);
  if (record.checksumBytes !== undefined) columns.bytes.raw(record.checksumBytes);
}

/** Writes a skippable frame's record, once all of its bytes are in the column `bytes`. */
export function writeSkippableRecord(columns: ZstdColumnWriters, sizeBytes: number): void {
  columns.items.number(SKIPPABLE);
  columns.items.number(sizeBytes);
}

/** Writes that a skippable frame is one whose record stands in `documents`. */
export function writeDocumentItem(columns: ZstdColumnWriters): void {
  columns.items.number(DOCUMENT);
}

/** @throws {RecipeError} when the columns do not tell of a frame. */
export function readItemRecord(
  columns: ZstdColumnReaders,
): FrameRecord | SkippableRecord | DocumentItem {
  const flags = columns.items.numberUpTo(MOST_FLAGS);
  if ((flags & SKIPPABLE) !== 0) return readSkippable(columns.items, flags);
  const checksum = CHECKSUMS[flags >> CHECKSUM_SHIFT];
  if (checksum === undefined) throw new RecipeError("the recipe has a checksum of an unknown kind");
  const header =
    (flags & OWN_HEADER) === 0
      ? undefined
      : columns.bytes.raw(columns.items.numberUpTo(MOST_HEADER_BYTES));
  const grownWindowBytes =
    (flags & GROWN_WINDOW) === 0 ? undefined : columns.items.numberUpTo(MOST_WINDOW_BYTES);
  const checksumBytes = checksum === "stored" ? columns.bytes.raw(CHECKSUM_BYTES) : undefined;
  return { kind: "frame", header, grownWindowBytes, checksum, checksumBytes };
}

function readSkippable(items: ColumnReader, flags: number): SkippableRecord | DocumentItem {
  if (flags === DOCUMENT) return { kind: "document" };
  if (flags !== SKIPPABLE) throw new RecipeError("the recipe has an item of an unknown kind");
  return { kind: "skippable", sizeBytes: items.number() };
}
