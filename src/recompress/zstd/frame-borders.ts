/**
 * Guesses where the frames of a layer in many frames end.
 *
 * zstd:chunked and eStargz begin a frame at the first byte of each regular file in the tar, and another
 * after its last byte. So the tar is walked along: a border is the start or the end of a file that is not
 * empty. What is no tar (any more) has no borders. The walk is simple on purpose and must never change:
 * recipes name only the frames that end elsewhere.
 *
 * - A header is 512 bytes, with a `u` at 257 (ustar and GNU alike), the size at 124, the type at 156.
 * - The size is octal (what is no digit is passed over; it ends at a zero byte), or binary if the first
 *   byte has its highest bit set: then its last 8 bytes count.
 * - A pax header (type `x`) may give the next file's size. A long name or link (`L`, `K`) does not use
 *   it up; anything else does.
 * - Types `0`, NUL and `7` are files. Types `1` to `6` have no content whatever their size says.
 */
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

/** Walks the plain bytes as they come. */
export class FrameBorders {
  #position = 0;
  #nextHeader: number | undefined = 0;
  #paxBytes: number | undefined;
  #borders: number[] = [];
  /** A header, or the content of a pax header, as far as it has come. */
  #record: Uint8Array = new Uint8Array(RECORD);
  #filled = 0;
  #isPax = false;

  /** @param state to go on from there */
  constructor(state?: BordersState) {
    if (state === undefined) return;
    this.#position = state.position;
    this.#nextHeader = state.nextHeader;
    this.#paxBytes = state.paxBytes;
    this.#borders = [...state.borders];
  }

  /** How many plain bytes were taken. All borders up to here are known. */
  get position(): number {
    return this.#position;
  }

  /** @returns where the walk stands; `undefined` in the midst of a header. */
  get state(): BordersState | undefined {
    if (this.#filled > 0 || this.#isPax) return undefined;
    return {
      position: this.#position,
      nextHeader: this.#nextHeader,
      paxBytes: this.#paxBytes,
      borders: this.#borders.filter((border) => border >= this.#position),
    };
  }

  /** Takes the next plain bytes. */
  take(plain: Uint8Array): void {
    let at = 0;
    while (at < plain.length) at += this.#takeSome(plain.subarray(at));
  }

  /** @returns the first known border at or after `from`. Those before are forgotten. */
  firstFrom(from: number): number | undefined {
    const first = this.#borders.findIndex((border) => border >= from);
    this.#borders = first < 0 ? [] : this.#borders.slice(first);
    return this.#borders[0];
  }

  /** @returns how many bytes were taken, at least one. */
  #takeSome(plain: Uint8Array): number {
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
    if (FILES.includes(type) && size > 0) this.#borders.push(this.#position, end);
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
