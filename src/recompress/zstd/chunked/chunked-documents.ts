import { ColumnWriter } from "../../columns.ts";
import { NotTar } from "../../../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../../../tar/tar-walker.ts";
import { crc64Tables } from "./crc64.ts";
import { goMember, isUtf8 } from "./go-json.ts";
import { OpenFile } from "./open-file.ts";
import { tocEntries } from "./toc-entry.ts";
import { PackedBytes } from "./packed-bytes.ts";
import { tarMetadata } from "./tar-metadata.ts";

const BLOCK_BYTES = 512;
/** A stream whose first frame is larger is no zstd:chunked: its first file would have ended the frame. */
const LARGEST_FIRST_FRAME_BYTES = 4 * 1024 * 1024;
/** Beyond this the documents are not made: their memory would not be bounded. */
const MOST_CHARACTERS = 48 * 1024 * 1024;
/** What is kept of a chunk until its file has ended is as much as this, about. */
const CHUNK_CHARACTERS = 256;
/** No system opens a file by a longer name, and each chunk's entry repeats it. */
const MOST_NAME_BYTES = 64 * 1024;
const TOC_START = Buffer.from(`{"version":1,"entries":[`);
const TOC_END = Buffer.from("]");
/** As it ends a member; within names there would be a backslash before each quote. */
const MODIFIED_ONLY = /("modtime":"[^"]*")(?!,"accesstime")/g;
const UNSET_TIMES = `$1,"accesstime":"0001-01-01T00:00:00Z","changetime":"0001-01-01T00:00:00Z"`;

/**
 * The documents at the stream's end that can be foretold, but for their last bytes:
 *
 * - `tar-split`: a JSON document a line;
 * - `toc`: `{"version":1,"entries":[...]`, what follows depends on the other document;
 * - `early-toc`: the same by early versions of containers/storage, which told two more times of each file, unset.
 */
export type DocumentKind = "tar-split" | "toc" | "early-toc";

/**
 * Makes the table of contents and the tar-split data of zstd:chunked from the plain tar and the places
 * of its frames. The real documents then cost a small delta.
 *
 * Analysis and rebuild tell it the same, so it foretells the same.
 */
export class ChunkedDocuments {
  readonly #walker = new TarWalker((entry) => this.#begin(entry));
  readonly #crcTables = crc64Tables();
  /** Entries with commas between them. */
  readonly #toc = new PackedBytes();
  readonly #split = new PackedBytes();
  #splitLines = 0;
  #characters = 0;
  #frames = 0;
  /** Plain bytes so far. */
  #at = 0;
  /** Bytes since the last body: its padding, then headers. */
  #segment = new ColumnWriter();
  #file: OpenFile | undefined;
  /** Bodies whose end in the stream is not known yet. */
  #ended: OpenFile | undefined;
  #isActive = true;

  /** A frame of the tar begins after the plain bytes so far, at this place in the stream. */
  frame(streamByte: number): void {
    if (!this.#isActive) return;
    this.#frames += 1;
    this.#close(streamByte);
    if (this.#file === undefined) return;
    this.#file.chunk(streamByte);
    this.#characters += CHUNK_CHARACTERS;
    // All entries of a file are made at once when it has ended.
    if (this.#characters + this.#file.nameCharacters > MOST_CHARACTERS) this.#giveUp();
  }

  /** A frame that holds nothing of the tar begins at this place in the stream. */
  skippable(streamByte: number): void {
    if (this.#isActive) this.#close(streamByte);
  }

  /** The next plain bytes, those of one block. */
  write(plain: Uint8Array): void {
    if (!this.#isActive) return;
    try {
      for (let from = 0; from < plain.length;) from += this.#take(plain.subarray(from));
    } catch (error) {
      if (!(error instanceof NotTar)) throw error;
      this.#giveUp();
    }
    const isOneFrame = this.#frames < 2 && this.#at > LARGEST_FIRST_FRAME_BYTES;
    if (isOneFrame || this.#characters > MOST_CHARACTERS) this.#giveUp();
  }

  /** Whether the stream looks like zstd:chunked, and its documents are not too large. */
  get canGuess(): boolean {
    return this.#isActive && this.#frames >= 2;
  }

  /**
   * @returns in memory of its own the document as it has to be if the tar ends here; `undefined` when the stream does not look
   * like zstd:chunked, or the document would be too large.
   */
  guess(kind: DocumentKind): Buffer | undefined {
    if (!this.canGuess) return undefined;
    if (kind === "tar-split") return documentOf(this.#split, { end: this.#rest() });
    const toc = documentOf(this.#toc, { start: TOC_START, end: TOC_END });
    return kind === "toc" ? toc : ownBytes(withUnsetTimes(toc.toString()));
  }

  #take(plain: Uint8Array): number {
    const inBody = Math.min(plain.length, this.#file?.left ?? 0);
    const size =
      inBody > 0 ? inBody : Math.min(plain.length, BLOCK_BYTES - (this.#at % BLOCK_BYTES));
    const bytes = plain.subarray(0, size);
    const file = this.#file;
    if (file !== undefined && inBody > 0) {
      file.update(bytes);
      if (file.left === 0) this.#endBody(file);
    } else {
      this.#segment.raw(bytes);
      this.#characters += bytes.length;
    }
    this.#at += size;
    if (inBody > 0) this.#walker.skipTo(this.#at);
    else this.#walker.write(bytes);
    return size;
  }

  #begin(entry: TarEntry): void {
    const segment = this.#segment.written();
    this.#segment = new ColumnWriter();
    this.#splitSegment(segment);
    const headers = segment.subarray(segment.length - (entry.bodyStart - entry.start));
    const metadata = tarMetadata(Buffer.from(headers));
    if (metadata.name.length > MOST_NAME_BYTES) throw new NotTar("a name is too long");
    const file = new OpenFile(metadata, entry.sizeBytes, this.#crcTables);
    if (entry.sizeBytes === 0) this.#endBody(file);
    else this.#file = file;
  }

  #endBody(file: OpenFile): void {
    this.#file = undefined;
    const { name } = file.metadata;
    const payload = file.sizeBytes === 0 ? "null" : `"${file.crc.digest().toString("base64")}"`;
    const told = isUtf8(name)
      ? goMember("name", name.toString("utf8"))
      : `,"name_raw":"${name.toString("base64")}"`;
    this.#splitLine(`"type":1${told}${goMember("size", file.sizeBytes)},"payload":${payload}`);
    if (file.sizeBytes === 0) this.#list(file, 0);
    else this.#ended = file;
  }

  /** The frame of a body has ended: only now is its end in the stream known. */
  #close(streamByte: number): void {
    const file = this.#ended;
    this.#ended = undefined;
    if (file !== undefined) this.#list(file, streamByte);
  }

  #list(file: OpenFile, endByte: number): void {
    const { sizeBytes } = file;
    const contents = { sizeBytes, digest: file.digest(), chunks: file.chunks(), endByte };
    for (const entry of tocEntries(file.metadata, contents)) {
      this.#characters += entry.length;
      if (this.#characters > MOST_CHARACTERS) return this.#giveUp();
      this.#toc.add(Buffer.from(this.#toc.sizeBytes === 0 ? entry : `,${entry}`));
    }
  }

  #splitSegment(bytes: Uint8Array): void {
    this.#splitLine(segmentMembers(bytes));
  }

  #splitLine(members: string): void {
    const line = splitLine(members, this.#splitLines++);
    this.#characters += line.length;
    this.#split.add(Buffer.from(line));
  }

  /** Two blocks of zeros end the archive; what pads it further is read, and kept, apart. */
  #rest(): Buffer {
    const rest = this.#segment.written();
    const parts = [rest.subarray(0, endOf(rest)), rest.subarray(endOf(rest))];
    const lines = parts
      .filter((part) => part.length > 0)
      .map((part, index) => splitLine(segmentMembers(part), this.#splitLines + index));
    return Buffer.from(lines.join(""));
  }

  #giveUp(): void {
    this.#isActive = false;
    this.#toc.clear();
    this.#split.clear();
    this.#segment = new ColumnWriter();
    this.#file = undefined;
    this.#ended = undefined;
  }
}

function segmentMembers(bytes: Uint8Array): string {
  const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return `"type":2,"payload":"${payload}"`;
}

function documentOf(
  bytes: PackedBytes,
  { start = Buffer.alloc(0), end }: { readonly start?: Buffer; readonly end: Buffer },
): Buffer {
  const endAt = start.length + bytes.sizeBytes;
  const document = Buffer.allocUnsafeSlow(endAt + end.length);
  document.set(start);
  bytes.copyTo(document, start.length);
  document.set(end, endAt);
  return document;
}

function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function splitLine(members: string, position: number): string {
  return `{${members},"position":${position}}\n`;
}

function withUnsetTimes(toc: string): string {
  return toc.replace(MODIFIED_ONLY, UNSET_TIMES);
}

/** The end of the padding and of the two blocks of zeros that follow the last entry. */
function endOf(rest: Uint8Array): number {
  const padding = rest.length % BLOCK_BYTES;
  return Math.min(rest.length, padding + 2 * BLOCK_BYTES);
}
