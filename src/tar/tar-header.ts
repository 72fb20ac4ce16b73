/**
 * The 512-byte header block of tar, in the dialects that layers come in: v7, ustar, GNU and pax.
 *
 * POSIX.1-2017, pax, section "ustar Interchange Format"; GNU tar manual, section "Basic Tar Format".
 */

/** Everything in a tar is a multiple of this many bytes. */
export const BLOCK_BYTES = 512;

/** Extended headers with a longer body are taken for no tar: whoever follows one holds the body in memory. */
export const MOST_EXTENDED_BYTES = 1024 * 1024;

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;
/** Types whose size field says nothing about bytes that follow. */
const WITHOUT_BODY = new Set(["1", "2", "3", "4", "5", "6"]);
/** GNU's long names and links, and the extended headers of pax. */
const EXTENDED = new Set(["L", "K", "x", "g"]);

/** The header alone, without what extended headers before it say. */
export interface TarHeader {
  /** Of ustar, with its prefix. */
  readonly name: string;
  readonly linkName: string;
  /** One character: `0` a file, `5` a directory, `x` an extended header. An old NUL is `0`. */
  readonly type: string;
  /** Bytes of the body, before padding. */
  readonly sizeBytes: number;
  /** Of an old sparse file of GNU: a block with more of its map comes before the body. */
  readonly hasMoreMap: boolean;
}

/** Whether an entry of this type, one character, is followed by as many bytes as its size field says. */
export function carriesBody(type: string): boolean {
  return !WITHOUT_BODY.has(type);
}

/** Whether a header of this type, one character, only says more about the entry after it. */
export function isExtended(type: string): boolean {
  return EXTENDED.has(type);
}

/** Whether a further block of a sparse file's map says that one more comes. GNU tar, `struct sparse_header`. */
export function isMapContinued(block: Uint8Array): boolean {
  return block[504] !== 0;
}

/** A block that is no header. */
export class NotTar extends Error {
  readonly kind = "not-tar";
}

/** @returns `undefined` for a block of zeros, of which two end an archive. @throws {NotTar} */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (!hasChecksum(block)) throw new NotTar("a tar header has the wrong checksum");
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: nameOf(block),
    linkName: textAt(block, 157, 100),
    type: type === "\0" ? "0" : type,
    sizeBytes: numberAt(block, 124, 12),
    hasMoreMap: type === "S" && textAt(block, 257, 6) === "ustar " && block[482] !== 0,
  };
}

/** A name in bytes as it stands, up to the first NUL; not always UTF-8, so kept one byte a character. */
function textAt(block: Uint8Array, at: number, sizeBytes: number): string {
  const field = Buffer.from(block.buffer, block.byteOffset + at, sizeBytes);
  const end = field.indexOf(0);
  return field.toString("latin1", 0, end < 0 ? sizeBytes : end);
}

function nameOf(block: Uint8Array): string {
  const name = textAt(block, 0, 100);
  const isUstar = textAt(block, 257, 6) === "ustar" && block[263] === 0x30;
  const prefix = isUstar ? textAt(block, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Octal digits, or with the first bit set a binary number (GNU). @throws {NotTar} */
function numberAt(block: Uint8Array, at: number, sizeBytes: number): number {
  const first = block[at] ?? 0;
  const value = first >= 0x80 ? binaryAt(block, at, sizeBytes) : octalAt(block, at, sizeBytes);
  if (!Number.isSafeInteger(value)) throw new NotTar("a number in a tar header is too large");
  return value;
}

function binaryAt(block: Uint8Array, at: number, sizeBytes: number): number {
  if (block[at] !== 0x80) throw new NotTar("a size in a tar header is negative or too large");
  let value = 0;
  for (let index = at + 1; index < at + sizeBytes; index++)
    value = value * 256 + (block[index] ?? 0);
  return value;
}

function octalAt(block: Uint8Array, at: number, sizeBytes: number): number {
  const text = textAt(block, at, sizeBytes).trim();
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw new NotTar("a number in a tar header is not octal");
  return Number.parseInt(text, 8);
}

/** The sum of all bytes, those of the sum itself taken as spaces; some old programs summed them signed. */
function hasChecksum(block: Uint8Array): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const isOwn = index >= CHECKSUM_AT && index < CHECKSUM_AT + CHECKSUM_BYTES;
    const byte = isOwn ? SPACE : (block[index] ?? 0);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const told = numberAt(block, CHECKSUM_AT, CHECKSUM_BYTES);
  return told === unsigned || told === signed;
}
