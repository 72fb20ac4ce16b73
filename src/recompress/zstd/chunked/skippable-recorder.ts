import { ColumnWriter } from "../../columns.ts";
import type { Recipe } from "../../recipe.ts";
import type { TakeBytes } from "../../stream-codec.ts";
import { freeBytes } from "../free-bytes.ts";
import { writeDocumentItem, writeSkippableRecord } from "../frame-records.ts";
import type { ZstdColumnWriters } from "../zstd-columns.ts";
import type { DocumentKind } from "./chunked-documents.ts";
import { LARGEST_DOCUMENT_BYTES } from "./document-delta.ts";
import { PackedBytes } from "./packed-bytes.ts";
import { type Foretell, MOST_DOCUMENTS, writeDocumentRecord } from "./document-records.ts";

const HEADER_BYTES = 8;
const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** Larger ones are not looked into. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;
const KIND_SHOWS_WITHIN_BYTES = 64 * 1024;
/** A table of contents begins with it, white space apart. */
const TOC_START = /^\s*\{\s*"version"/;
const UNSET_TIME = `"accesstime":"0001-01-01T00:00:00Z"`;
/** The last bytes of the last skippable frame of zstd:chunked: with tar-split data, and without. */
const FOOTER_MAGICS = ["GNUlInUx", "GnUlInUx"];

/**
 * Finds the recipe of a zstd stream that stands within another.
 *
 * @param onPlain is given the plain bytes, borrowed. When it throws, so does the analysis.
 * @returns `undefined` for what is no zstd stream, or has no recipe.
 */
export type AnalyseNested = (stream: Uint8Array, onPlain: TakeBytes) => Recipe | undefined;

/** What a {@link SkippableRecorder} works with. */
export interface SkippableTools {
  /** Whether there is anything to foretell. */
  readonly canForetell: () => boolean;
  readonly foretell: Foretell;
  readonly analyse: AnalyseNested;
}

/** Writes the records of skippable frames: of those that are foretold how they differ, of others all bytes. */
export class SkippableRecorder {
  /** Whether the stream has the footer of zstd:chunked. */
  isChunked = false;
  /** Frames of which a document was made out. */
  documents = 0;
  readonly #columns: ZstdColumnWriters;
  readonly #tools: SkippableTools;
  /** The frame's bytes as long as they may be a document. */
  #held: Uint8Array[] = [];
  #sizeBytes = 0;
  #tries = 0;

  constructor(columns: ZstdColumnWriters, tools: SkippableTools) {
    this.#columns = columns;
    this.#tools = tools;
  }

  /** Bytes of a frame, as they come, the header by itself. They are copied. */
  take(bytes: Uint8Array, isLast: boolean): void {
    this.#held.push(Uint8Array.from(bytes));
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > MOST_HELD_BYTES) this.#writeHeld();
    if (isLast) this.#end(Buffer.concat(this.#held));
  }

  #end(frame: Buffer): void {
    const footer = frame.toString("latin1", frame.length - 8);
    this.isChunked = FOOTER_MAGICS.includes(footer);
    this.#held = [];
    if (!this.#isDocument(frame)) {
      this.#columns.bytes.raw(frame);
      writeSkippableRecord(this.#columns, this.#sizeBytes);
    }
    this.#sizeBytes = 0;
  }

  #writeHeld(): void {
    for (const bytes of this.#held) this.#columns.bytes.raw(bytes);
    this.#held = [];
  }

  /** @returns whether the frame is a document, and has been written as such. */
  #isDocument(frame: Buffer): boolean {
    const content = frame.subarray(HEADER_BYTES);
    const isZstd = content.subarray(0, ZSTD_MAGIC.length).equals(ZSTD_MAGIC);
    if (frame.length < this.#sizeBytes || !isZstd || this.#tries >= MOST_DOCUMENTS) return false;
    this.#tries++;
    if (!this.#tools.canForetell()) return false;
    const record = this.#recordOf(frame.subarray(0, HEADER_BYTES), content);
    if (record === undefined || record.length >= frame.length) return false;
    this.#columns.documents.raw(record);
    writeDocumentItem(this.#columns);
    this.documents++;
    return true;
  }

  #recordOf(header: Uint8Array, content: Uint8Array): Uint8Array | undefined {
    const document = new PackedBytes();
    const recipe = this.#analyse(content, document);
    if (recipe === undefined) return undefined;
    const kind = kindOf(document);
    const guess = this.#tools.foretell(kind);
    if (guess === undefined) return undefined;
    const record = new ColumnWriter();
    writeDocumentRecord(record, header, { kind, document, guess, recipe });
    freeBytes(guess);
    return record.written();
  }

  #analyse(content: Uint8Array, document: PackedBytes): Recipe | undefined {
    let left = LARGEST_DOCUMENT_BYTES;
    try {
      return this.#tools.analyse(content, (plain) => {
        left -= plain.length;
        if (left < 0) throw new DocumentTooLarge();
        document.add(plain);
      });
    } catch (error) {
      if (error instanceof DocumentTooLarge) return undefined;
      throw error;
    }
  }
}

class DocumentTooLarge extends Error {
  readonly kind = "document-too-large";
}

function kindOf(document: PackedBytes): DocumentKind {
  const [first = new Uint8Array(0)] = document.pieces();
  const start = Buffer.from(first.subarray(0, KIND_SHOWS_WITHIN_BYTES)).toString("latin1");
  if (!TOC_START.test(start)) return "tar-split";
  return start.includes(UNSET_TIME) ? "early-toc" : "toc";
}
