/**
 * The records of a pax extended header: `LENGTH KEY=VALUE\n`, the length counting the whole record.
 *
 * POSIX.1-2017, pax, section "pax Extended Header".
 */
import { NotTar } from "./tar-header.ts";

const NEWLINE = 0x0a;
const MOST_LENGTH_DIGITS = 10;

/** Values as bytes: attributes may hold any, zeros and newlines too. @throws {NotTar} */
export function parsePaxRecords(body: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (const { key, value } of paxRecords(body)) records.set(key, value);
  return records;
}

/** One record as it stands. */
export interface PaxRecord {
  /** As UTF-8. */
  readonly key: string;
  /** A view. */
  readonly value: Uint8Array;
  /** Of the whole record, its length and newline included. */
  readonly sizeBytes: number;
}

/** The records in order, those of one key that comes again too. @throws {NotTar} */
export function* paxRecords(body: Uint8Array): Generator<PaxRecord, void, undefined> {
  for (let at = 0; at < body.length;) {
    const record = recordAt(body, at);
    yield record;
    at += record.sizeBytes;
  }
}

function recordAt(body: Uint8Array, at: number): PaxRecord {
  const bytes = Buffer.from(body.buffer, body.byteOffset + at, body.length - at);
  const space = bytes.subarray(0, MOST_LENGTH_DIGITS + 1).indexOf(0x20);
  const digits = bytes.toString("latin1", 0, Math.max(space, 0));
  const sizeBytes = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
  const isWhole = sizeBytes > space + 1 && sizeBytes <= bytes.length;
  if (!isWhole || bytes[sizeBytes - 1] !== NEWLINE) {
    throw new NotTar("an extended tar header has a broken record");
  }
  const pair = bytes.subarray(space + 1, sizeBytes - 1);
  const equals = pair.indexOf(0x3d);
  if (equals < 0) throw new NotTar("an extended tar header has a record without a value");
  return { key: pair.toString("utf8", 0, equals), value: pair.subarray(equals + 1), sizeBytes };
}
