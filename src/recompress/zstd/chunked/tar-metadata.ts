/** What the header of a tar entry says of its file, as Go's archive/tar understands it. */
import { parsePaxRecords } from "../../../tar/pax-records.ts";

const BLOCK_BYTES = 512;
const XATTR_PREFIX = "SCHILY.xattr.";

/** The header of one entry, with what extended headers before it say. */
export interface TarMetadata {
  /** Bytes, for names need not be UTF-8. */
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly type: string;
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  /** Decimal seconds since 1970, perhaps with a fraction; `undefined` when the header has none. */
  readonly modified: string;
  readonly accessed: string | undefined;
  readonly changed: string | undefined;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** By name, sorted. */
  readonly attributes: readonly (readonly [name: string, value: Buffer])[];
}

/**
 * @param headers the entry's blocks, from its first extended header to its own header, the last one
 * @throws {NotTar} when an extended header is broken
 */
export function tarMetadata(headers: Buffer): TarMetadata {
  const extended = extendedOf(headers);
  const block = headers.subarray(headers.length - BLOCK_BYTES);
  const text = (key: string): string | undefined => extended.pax.get(key)?.toString("latin1");
  const number = (key: string, at: number, size: number): number =>
    Number(text(key) ?? numberAt(block, at, size));
  return {
    name: extended.pax.get("path") ?? extended.name ?? nameOf(block),
    linkName: extended.pax.get("linkpath") ?? extended.linkName ?? untilNul(block, 157, 100),
    type: String.fromCharCode(block[156] ?? 0),
    mode: numberAt(block, 100, 8),
    userId: number("uid", 108, 8),
    groupId: number("gid", 116, 8),
    modified: text("mtime") ?? String(numberAt(block, 136, 12)),
    accessed: text("atime"),
    changed: text("ctime"),
    deviceMajor: numberAt(block, 329, 8),
    deviceMinor: numberAt(block, 337, 8),
    attributes: attributesOf(extended.pax),
  };
}

interface Extended {
  readonly pax: ReadonlyMap<string, Buffer>;
  readonly name: Buffer | undefined;
  readonly linkName: Buffer | undefined;
}

/** The blocks before the entry's own: pax records, GNU's long names. */
function extendedOf(headers: Buffer): Extended {
  const pax = new Map<string, Buffer>();
  let name: Buffer | undefined;
  let linkName: Buffer | undefined;
  for (let at = 0; at + BLOCK_BYTES < headers.length;) {
    const size = numberAt(headers, at + 124, 12);
    const body = headers.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
    const type = String.fromCharCode(headers[at + 156] ?? 0);
    if (type === "L") name = untilNul(body, 0, size);
    if (type === "K") linkName = untilNul(body, 0, size);
    if (type === "x")
      for (const [key, value] of parsePaxRecords(body)) pax.set(key, asBuffer(value));
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return { pax, name, linkName };
}

function attributesOf(pax: ReadonlyMap<string, Buffer>): readonly (readonly [string, Buffer])[] {
  return [...pax]
    .filter(([key]) => key.startsWith(XATTR_PREFIX))
    .map(([key, value]) => [key.slice(XATTR_PREFIX.length), value] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function nameOf(block: Buffer): Buffer {
  const name = untilNul(block, 0, 100);
  const isUstar = block.toString("latin1", 257, 262) === "ustar" && block[263] === 0x30;
  const prefix = isUstar ? untilNul(block, 345, 155) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

function untilNul(bytes: Buffer, at: number, sizeBytes: number): Buffer {
  const field = bytes.subarray(at, at + sizeBytes);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** Octal digits, or with the first bit set a binary number (GNU). What is neither counts as 0. */
function numberAt(bytes: Buffer, at: number, sizeBytes: number): number {
  if ((bytes[at] ?? 0) < 0x80) {
    return Number.parseInt(untilNul(bytes, at, sizeBytes).toString("latin1").trim() || "0", 8) || 0;
  }
  let value = 0;
  for (let index = at + 1; index < at + sizeBytes; index++)
    value = value * 256 + (bytes[index] ?? 0);
  return value;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
