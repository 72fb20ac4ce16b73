import { parsePaxRecords } from "./pax-records.ts";
import {
  BLOCK_BYTES,
  carriesBody,
  isExtended,
  isMapContinued,
  MOST_EXTENDED_BYTES,
  NotTar,
  parseTarHeader,
  type TarHeader,
} from "./tar-header.ts";

/** A member of an archive, with what its extended headers say. */
export interface TarEntry {
  readonly name: string;
  readonly linkName: string;
  /** As in {@link TarHeader}. */
  readonly type: string;
  /** Bytes of the body, before padding; 0 for links, directories and devices. */
  readonly sizeBytes: number;
  /** Where the entry begins, its extended headers included; from the start of the archive. */
  readonly start: number;
  /** Where the body begins. */
  readonly bodyStart: number;
}

/**
 * Follows a tar as it goes by and tells its entries, whatever the cuts it comes in.
 *
 * Bodies are passed over: who can seek asks {@link needs} and goes there.
 */
export class TarWalker {
  readonly #onEntry: (entry: TarEntry) => void;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #held = 0;
  /** Offset of the next byte that is written. */
  #at = 0;
  /** Offset of the next header or extended body. */
  #needs = 0;
  #entryStart = 0;
  #extended: ExtendedBody | undefined;
  #overrides: Overrides = {};
  /** An old sparse file of GNU, while the blocks with the rest of its map go by. */
  #sparse: TarHeader | undefined;
  #zeroBlocks = 0;

  /** @param onEntry is told each entry when its header has gone by, before its body. */
  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry;
  }

  /** The offset of the next byte that matters. Bytes before it may be left out: see `skipTo`. */
  get needs(): number {
    return this.#needs;
  }

  /** Whether the two blocks of zeros that end an archive have gone by. What follows is padding. */
  get hasEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /** The next `write` begins at this offset, at most `needs`. */
  skipTo(offset: number): void {
    this.#at = offset;
  }

  /** @throws {NotTar} when what should be a header is none; the walker is then of no more use. */
  write(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length && !this.hasEnded) {
      const skipped = Math.min(bytes.length - from, this.#needs + this.#held - this.#at);
      from += skipped;
      this.#at += skipped;
      from += this.#collect(bytes.subarray(from));
    }
  }

  /** @returns how many bytes were taken */
  #collect(bytes: Uint8Array): number {
    const target = this.#extended?.bytes ?? this.#block;
    const taken = Math.min(bytes.length, target.length - this.#held);
    target.set(bytes.subarray(0, taken), this.#held);
    this.#held += taken;
    this.#at += taken;
    if (this.#held === target.length) this.#complete();
    return taken;
  }

  #complete(): void {
    this.#held = 0;
    const extended = this.#extended;
    if (extended === undefined) return this.#completeBlock();
    this.#extended = undefined;
    this.#needs += padded(extended.bytes.length);
    this.#overrides = { ...this.#overrides, ...overridesOf(extended) };
  }

  #completeBlock(): void {
    this.#needs += BLOCK_BYTES;
    const sparse = this.#sparse;
    if (sparse === undefined) this.#header(parseTarHeader(this.#block));
    else if (!isMapContinued(this.#block)) this.#entry(sparse);
  }

  #header(header: TarHeader | undefined): void {
    if (header === undefined) {
      this.#zeroBlocks += 1;
      this.#entryStart = this.#needs;
      return;
    }
    this.#zeroBlocks = 0;
    if (isExtended(header.type)) this.#begin(header);
    else if (header.hasMoreMap) this.#sparse = header;
    else this.#entry(header);
  }

  #begin({ type, sizeBytes }: TarHeader): void {
    if (sizeBytes > MOST_EXTENDED_BYTES) throw new NotTar("an extended tar header is too large");
    if (sizeBytes > 0) this.#extended = { type, bytes: new Uint8Array(sizeBytes) };
  }

  #entry(header: TarHeader): void {
    const bodyStart = this.#needs;
    const { name, linkName, sizeBytes } = { ...header, ...this.#overrides };
    const { type } = header;
    const body = carriesBody(type) ? sizeBytes : 0;
    this.#onEntry({ name, linkName, type, sizeBytes: body, start: this.#entryStart, bodyStart });
    this.#needs = bodyStart + padded(body);
    this.#entryStart = this.#needs;
    this.#overrides = {};
    this.#sparse = undefined;
  }
}

interface ExtendedBody {
  readonly type: string;
  readonly bytes: Uint8Array;
}

type Overrides = Partial<Pick<TarHeader, "name" | "linkName" | "sizeBytes">>;

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** What an extended header says of the entry after it. Global ones say nothing that matters here. */
function overridesOf({ type, bytes }: ExtendedBody): Overrides {
  if (type === "g") return {};
  if (type === "L") return { name: untilNul(bytes) };
  if (type === "K") return { linkName: untilNul(bytes) };
  const records = parsePaxRecords(bytes);
  const name = records.get("path");
  const linkName = records.get("linkpath");
  const size = records.get("size");
  return {
    ...(name === undefined ? {} : { name: latin1(name) }),
    ...(linkName === undefined ? {} : { linkName: latin1(linkName) }),
    ...(size === undefined ? {} : { sizeBytes: decimal(size) }),
  };
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return latin1(end < 0 ? bytes : bytes.subarray(0, end));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function decimal(bytes: Uint8Array): number {
  const text = latin1(bytes);
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new NotTar("an extended tar header has a broken size");
  }
  return value;
}
