import { Buffer } from "node:buffer";
import type { ListEntry, StorageDriver } from "../../src/storage/storage-driver.ts";

/** A store for one test. */
export interface TestedStore {
  readonly driver: StorageDriver;
  /** Opens a second driver on the same store, as another process would. */
  readonly reopen: () => Promise<StorageDriver>;
  /** Files or connections that are open for the store at the moment, where that can be told. */
  readonly countHandles?: () => Promise<number>;
}

/** What the laws of the storage port are told about a driver. */
export interface StorageSubject {
  readonly name: string;
  /** Opens an empty store; `resources` is disposed after each test. */
  readonly open: (resources: AsyncDisposableStack) => Promise<TestedStore>;
}

/** Runs one law against a fresh store. */
export type Law = (title: string, test: (store: TestedStore) => Promise<void>) => void;

/** For calls that nobody aborts. */
export function calm(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

export async function* chunks(
  ...parts: readonly (string | Uint8Array)[]
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

export async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  return (await collect(stream)).toString();
}

/** Entries as `name` and `name/`. */
export function names(listing: AsyncIterable<ListEntry>): Promise<readonly string[]> {
  return Array.fromAsync(listing, ({ kind, name }) => (kind === "prefix" ? `${name}/` : name));
}

/** Bytes that differ from place to place, so that a piece in the wrong place is noticed. */
export function pattern(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let state = seed;
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  bytes.fill(seed, sizeBytes - (sizeBytes % 4));
  return bytes;
}

/** Cuts bytes into pieces of `pieceBytes`; calls `afterPiece` whenever the next one is asked for. */
export async function* inPieces(
  bytes: Uint8Array,
  pieceBytes: number,
  afterPiece: (sentBytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    yield bytes.slice(at, at + pieceBytes);
    afterPiece(Math.min(at + pieceBytes, bytes.byteLength));
  }
}
