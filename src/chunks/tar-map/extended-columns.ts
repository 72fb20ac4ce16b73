/**
 * The bodies of extended headers as columns, and back: GNU's long names, and the records of pax.
 *
 * POSIX.1-2017, pax, section "pax Extended Header"; GNU tar manual, section "Basic Tar Format".
 */
import { NotTar, MOST_EXTENDED_BYTES } from "../../tar/tar-header.ts";
import { paxRecords } from "../../tar/pax-records.ts";
import type { ExtendedFacts, ReadingState, WritingState } from "./header-columns.ts";
import { readPath, writePath } from "./path-guesses.ts";
import { SkeletonError } from "./skeleton-error.ts";

const MOST_RECORDS = 64;
const MOST_KEY_BYTES = 1024;
/** Lists of keys that come later are told whole each time. Part of the format. */
const MOST_KINDS = 256;
const MOST_TIME = 2 ** 52 - 1;
const MOST_FRACTION_BYTES = 32;
const TIME_KEYS: ReadonlySet<string> = new Set(["mtime", "atime", "ctime"]);
/** A time in whole seconds, and what stands behind them with the point. */
const TIME = /^(0|[1-9][0-9]{0,15})(|\.[0-9]{0,31})$/;

/** A record; one byte a character, as everything here. */
interface TextRecord {
  readonly key: string;
  readonly value: string;
}

/** A body that can be told in columns. */
export type ExtendedBody =
  | { readonly kind: "long"; readonly isPath: boolean; readonly text: string }
  | { readonly kind: "records"; readonly records: readonly TextRecord[] };

/**
 * @param type of the header: `L`, `K`, `x` or `g`
 * @returns `undefined` for a body that the columns would not give back to the bit.
 */
export function parseExtended(type: string, body: Uint8Array): ExtendedBody | undefined {
  if (type !== "L" && type !== "K") return parseRecords(body);
  if (body.indexOf(0) !== body.length - 1) return undefined;
  const text = latin1(body.subarray(0, -1));
  return { kind: "long", isPath: type === "L", text };
}

function parseRecords(body: Uint8Array): ExtendedBody | undefined {
  const records = recordsOf(body);
  if (records === undefined || records.length > MOST_RECORDS) return undefined;
  if (!records.every(isTellable)) return undefined;
  return renderRecords(records) === latin1(body) ? { kind: "records", records } : undefined;
}

function recordsOf(body: Uint8Array): TextRecord[] | undefined {
  try {
    return Array.from(paxRecords(body), ({ key, value }) => ({
      key: Buffer.from(key).toString("latin1"),
      value: latin1(value),
    }));
  } catch (error) {
    if (error instanceof NotTar) return undefined;
    throw error;
  }
}

function isTellable({ key, value }: TextRecord): boolean {
  if (key.includes("\0") || key.length > MOST_KEY_BYTES) return false;
  if (key === "path") return !value.includes("\0");
  if (!TIME_KEYS.has(key)) return true;
  const time = TIME.exec(value);
  return time !== null && Number(time[1]) <= MOST_TIME;
}

/** Writes the bodies of extended headers. */
export class ExtendedWriter {
  readonly #state: WritingState;
  readonly #kinds = new Map<string, number>();

  constructor(state: WritingState) {
    this.#state = state;
  }

  write(body: ExtendedBody): ExtendedFacts {
    if (body.kind === "long") return this.#writeLong(body.text, body.isPath);
    this.#writeKind(body.records.map(({ key }) => key));
    for (const record of body.records) this.#writeRecord(record);
    return factsOf(body.records);
  }

  #writeLong(text: string, isPath: boolean): ExtendedFacts {
    const sizeBytes = text.length + 1;
    if (isPath) this.#writePath(text);
    else this.#writeValue(text);
    return { sizeBytes, path: isPath ? text : undefined };
  }

  #writeKind(keys: readonly string[]): void {
    const { columns } = this.#state;
    const key = keys.join("\0");
    const known = this.#kinds.get(key);
    columns.column("recordKinds").number(known ?? 0);
    if (known !== undefined) return;
    columns.column("recordKinds").number(keys.length);
    for (const one of keys) columns.column("recordKeys").text(one);
    if (this.#kinds.size < MOST_KINDS) this.#kinds.set(key, this.#kinds.size + 1);
  }

  #writeRecord({ key, value }: TextRecord): void {
    if (key === "path") this.#writePath(value);
    else if (TIME_KEYS.has(key)) this.#writeTime(value);
    else this.#writeValue(value);
  }

  #writePath(path: string): void {
    writePath(this.#state.columns, path, this.#state.guesses.forRecord());
  }

  #writeTime(value: string): void {
    const [, seconds = "", fraction = ""] = TIME.exec(value) ?? [];
    this.#state.times.write(Number(seconds));
    this.#state.columns.column("fractions").text(fraction);
  }

  #writeValue(value: string): void {
    const column = this.#state.columns.column("recordValues");
    column.number(value.length);
    column.raw(Buffer.from(value, "latin1"));
  }
}

/** Reads what an {@link ExtendedWriter} wrote. */
export class ExtendedReader {
  readonly #state: ReadingState;
  readonly #kinds: (readonly string[])[] = [];

  constructor(state: ReadingState) {
    this.#state = state;
  }

  /** @param type of the header. @throws {SkeletonError | RecipeError} when the columns cannot be. */
  read(type: string): { readonly facts: ExtendedFacts; readonly bytes: Uint8Array } {
    if (type === "L" || type === "K") return this.#readLong(type === "L");
    let left = MOST_EXTENDED_BYTES;
    const records: TextRecord[] = [];
    for (const key of this.#readKind()) {
      const value = this.#readRecord(key, left);
      left -= key.length + value.length;
      records.push({ key, value });
    }
    return { facts: factsOf(records), bytes: checkedBody(renderRecords(records)) };
  }

  #readLong(isPath: boolean): { readonly facts: ExtendedFacts; readonly bytes: Uint8Array } {
    const most = MOST_EXTENDED_BYTES - 1;
    const text = isPath ? this.#readPath(most) : this.#readValue(most);
    const facts = { sizeBytes: text.length + 1, path: isPath ? text : undefined };
    return { facts, bytes: checkedBody(`${text}\0`) };
  }

  #readKind(): readonly string[] {
    const { columns } = this.#state;
    const index = columns.numbers("recordKinds").numberUpTo(this.#kinds.length);
    const known = this.#kinds[index - 1];
    if (known !== undefined) return known;
    const keys: string[] = [];
    const count = columns.numbers("recordKinds").numberUpTo(MOST_RECORDS);
    while (keys.length < count) keys.push(columns.texts("recordKeys").text(MOST_KEY_BYTES));
    if (this.#kinds.length < MOST_KINDS) this.#kinds.push(keys);
    return keys;
  }

  #readRecord(key: string, most: number): string {
    if (key === "path") return this.#readPath(most);
    return TIME_KEYS.has(key) ? this.#readTime() : this.#readValue(most);
  }

  #readPath(most: number): string {
    return readPath(this.#state.columns, this.#state.guesses.forRecord(), most);
  }

  #readTime(): string {
    const seconds = this.#state.times.read();
    return `${seconds}${this.#state.columns.texts("fractions").text(MOST_FRACTION_BYTES)}`;
  }

  #readValue(most: number): string {
    const column = this.#state.columns.numbers("recordValues");
    return latin1(column.raw(column.numberUpTo(Math.max(most, 0))));
  }
}

function factsOf(records: readonly TextRecord[]): ExtendedFacts {
  const sizeBytes = records.reduce((total, record) => total + recordBytes(record), 0);
  return { sizeBytes, path: records.findLast(({ key }) => key === "path")?.value };
}

function checkedBody(text: string): Uint8Array {
  if (text.length === 0 || text.length > MOST_EXTENDED_BYTES) {
    throw new SkeletonError("an extended header of a skeleton is empty or too large");
  }
  return Buffer.from(text, "latin1");
}

function renderRecords(records: readonly TextRecord[]): string {
  return records.map((record) => `${recordBytes(record)} ${record.key}=${record.value}\n`).join("");
}

/** A record's length counts its own digits too. */
function recordBytes({ key, value }: TextRecord): number {
  const rest = ` ${key}=${value}\n`.length;
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return length;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
