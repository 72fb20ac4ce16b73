/**
 * Guesses where the frames of a layer in many frames end.
 *
 * zstd:chunked begins a frame at the first byte of each regular file in the tar, and another after its last
 * byte, eStargz the former only. So the tar is walked along: a border is the start or the end of a file that
 * is not empty, and the end of all. What is no tar (any more) has no others. Within files there may be more,
 * see `chunked/body-splitter.ts`. The walk is simple on purpose and must never change: recipes name only the
 * frames that end elsewhere.
 *
 * - A header is 512 bytes, with a `u` at 257 (ustar and GNU alike), the size at 124, the type at 156.
 * - The size is octal (what is no digit is passed over; it ends at a zero byte), or binary if the first
 *   byte has its highest bit set: then its last 8 bytes count.
 * - A pax header (type `x`) may give the next file's size. A long name or link (`L`, `K`) does not use
 *   it up; anything else does.
 * - Types `0`, NUL and `7` are files. Types `1` to `6` have no content whatever their size says.
 */
import { BodySplitter } from "./chunked/body-splitter.ts";

const RECORD = 512;
const MAGIC_AT = 257;
const MAGIC = 0x75;
const SIZE_AT = 124;
const SIZE_BYTES = 12;
const BINARY_BYTES = 8;
const TYPE_AT = 156;
/** Longer pax headers are passed over. */
const MOST_PAX_BYTES = 65_536;
const PAX_SIZE = /(?:^|\n)\d+ size=(\d{1,15})\n/;

/** So many borders that have gone by are kept at most. */
const MOST_FORGOTTEN = 1024;

const TYPE_PAX = "x";
const FILES = "0\x007";
const WITHOUT_CONTENT = "123456";
const KEEP_PAX_SIZE = "LK";

/** Where a walk stands: enough to go on from there. All positions count from the start of the plain bytes. */
export interface BordersState {
  readonly position: number;
  /** `undefined` once there is no tar any more. */
  readonly nextHeader: number | undefined;
  /** What a pax header said of the next file. */
  readonly paxBytes: number | undefined;
  /** Borders found and not passed, at most 2. */
  readonly borders: readonly number[];
}

/**
 * Where frames end: at the end of the plain bytes only, or also where files of the tar begin, or where they
 * begin and end, or within them as well. The places here are numbers in recipes.
 */
export const BORDER_KINDS = ["end", "file-starts", "files", "parts-of-files"] as const;

/** One of {@link BORDER_KINDS}. */
export type BorderKind = (typeof BORDER_KINDS)[number];

/** Walks the plain bytes as they come. */
export class FrameBorders {
  readonly #kind: BorderKind;
  readonly #splitter: BodySplitter | undefined;
  #position = 0;
  #nextHeader: number | undefined = 0;
  #paxBytes: number | undefined;
  /** Rising; those before the index are forgotten. */
  #borders: number[] = [];
  #first = 0;
  /** A header, or the content of a pax header, as far as it has come. */
  #record: Uint8Array = new Uint8Array(RECORD);
  #filled = 0;
  #isPax = false;
  /** Of the body that is being split. */
  #bodyEnd = 0;

  /** @param state to go on from there */
  constructor(kind: BorderKind, state?: BordersState) {
    this.#kind = kind;
    const isSplit = kind === "parts-of-files";
    this.#splitter = isSplit ? new BodySplitter((at) => this.#split(at)) : undefined;
    if (kind === "end") this.#nextHeader = undefined;
    if (state === undefined) return;
    this.#position = state.position;
    this.#nextHeader = state.nextHeader;
    this.#paxBytes = state.paxBytes;
    this.#borders = [...state.borders];
  }

  /** How many plain bytes were taken. */
  get position(): number {
    return this.#position;
  }

  /** All borders up to here are known. */
  get knownTo(): number {
    return this.#position - (this.#splitter?.heldBytes ?? 0);
  }

  /** @returns where the walk stands; `undefined` in the midst of a header, or of a file that is split. */
  get state(): BordersState | undefined {
    if (this.#filled > 0 || this.#isPax || this.#isSplitting) return undefined;
    return {
      position: this.#position,
      nextHeader: this.#nextHeader,
      paxBytes: this.#paxBytes,
      borders: this.#borders.slice(this.#first).filter((border) => border >= this.#position),
    };
  }

  /** Takes the next plain bytes. */
  take(plain: Uint8Array): void {
    let at = 0;
    while (at < plain.length) at += this.#takeSome(plain.subarray(at));
  }

  /** The plain bytes have ended: here is the last border. */
  end(): void {
    if (this.#isSplitting) this.#splitter?.end(this.#position);
    this.#bodyEnd = 0;
    while ((this.#borders.at(-1) ?? 0) > this.#position) this.#borders.pop();
    this.#first = Math.min(this.#first, this.#borders.length);
    this.#add(this.#position);
  }

  /**
   * @returns the first border at or after `from`; `undefined` while it is not known. Those before `from` are
   * forgotten.
   */
  firstFrom(from: number): number | undefined {
    while ((this.#borders[this.#first] ?? Infinity) < from) this.#first++;
    if (this.#first >= MOST_FORGOTTEN) {
      this.#borders = this.#borders.slice(this.#first);
      this.#first = 0;
    }
    const border = this.#borders[this.#first];
    return border !== undefined && border <= this.knownTo ? border : undefined;
  }

  get #isSplitting(): boolean {
    return this.#position < this.#bodyEnd;
  }

  /** @returns how many bytes were taken, at least one. */
  #takeSome(plain: Uint8Array): number {
    if (this.#isSplitting) return this.#takeBody(plain);
    const toHeader = this.#nextHeader === undefined ? Infinity : this.#nextHeader - this.#position;
    const isSkipping = toHeader > 0 && this.#filled === 0 && !this.#isPax;
    const room = isSkipping ? toHeader : this.#record.length - this.#filled;
    const taken = Math.min(room, plain.length);
    this.#position += taken;
    if (isSkipping) return taken;
    this.#record.set(plain.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === this.#record.length) this.#readRecord();
    return taken;
  }

  #takeBody(plain: Uint8Array): number {
    const taken = Math.min(this.#bodyEnd - this.#position, plain.length);
    this.#splitter?.take(plain.subarray(0, taken), this.#position);
    this.#position += taken;
    if (!this.#isSplitting) this.#splitter?.end(this.#position);
    return taken;
  }

  /** Within the body, whose end is known already. */
  #split(at: number): void {
    if (at >= this.#bodyEnd) return;
    this.#borders.pop();
    this.#add(at);
    this.#add(this.#bodyEnd);
  }

  #add(border: number): void {
    if (this.#borders.at(-1) !== border) this.#borders.push(border);
  }

  #readRecord(): void {
    const record = this.#record;
    const wasPax = this.#isPax;
    this.#record = wasPax ? new Uint8Array(RECORD) : record;
    this.#filled = 0;
    this.#isPax = false;
    if (wasPax) this.#readPax(record);
    else this.#readHeader(record);
  }

  #readPax(content: Uint8Array): void {
    const said = PAX_SIZE.exec(Buffer.from(content).toString("latin1"));
    if (said?.[1] !== undefined) this.#paxBytes = Number(said[1]);
  }

  #readHeader(header: Uint8Array): void {
    const type = String.fromCharCode(header[TYPE_AT] ?? 0);
    const size = this.#contentBytes(type, sizeIn(header));
    const end = this.#position + size;
    const next = this.#position + Math.ceil(size / RECORD) * RECORD;
    const isTar = header[MAGIC_AT] === MAGIC && Number.isSafeInteger(next);
    this.#nextHeader = isTar ? next : undefined;
    if (!isTar) return;
    if (type === TYPE_PAX) this.#expectPax(size);
    else if (!KEEP_PAX_SIZE.includes(type)) this.#paxBytes = undefined;
    if (FILES.includes(type) && size > 0) this.#beginBody(end);
  }

  #beginBody(end: number): void {
    this.#add(this.#position);
    if (this.#kind !== "file-starts") this.#add(end);
    if (this.#splitter === undefined) return;
    this.#splitter.begin();
    this.#bodyEnd = end;
  }

  #contentBytes(type: string, ownBytes: number): number {
    if (WITHOUT_CONTENT.includes(type)) return 0;
    return FILES.includes(type) ? (this.#paxBytes ?? ownBytes) : ownBytes;
  }

  #expectPax(size: number): void {
    if (size === 0 || size > MOST_PAX_BYTES) return;
    this.#isPax = true;
    this.#record = new Uint8Array(size);
  }
}

function sizeIn(header: Uint8Array): number {
  const field = header.subarray(SIZE_AT, SIZE_AT + SIZE_BYTES);
  if (((field[0] ?? 0) & 128) !== 0) return binaryNumber(field.subarray(SIZE_BYTES - BINARY_BYTES));
  let value = 0;
  for (const byte of field) {
    if (byte === 0) break;
    if (byte >= 48 && byte < 56) value = value * 8 + byte - 48;
  }
  return value;
}

function binaryNumber(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
