import { ObjectExists, ObjectNotFound } from "../../src/storage/errors.ts";
import type {
  ByteRange,
  CallOptions,
  ListEntry,
  ObjectInfo,
  QuickInfo,
  QuickStat,
  StorageDriver,
  WriteOptions,
} from "../../src/storage/storage-driver.ts";
import { checkKey, checkObjectKey, checkPrefix } from "../keys.ts";
import { ByteList } from "./byte-list.ts";
import { InMemoryStaging } from "./inmemory-staging.ts";
import { createInMemoryStore, type InMemoryStore, type StoredBytes } from "./inmemory-store.ts";

/** Keeps everything in memory: lost at the end. The simplest reading of the port. */
export class InMemoryDriver implements StorageDriver, QuickStat {
  readonly name = "inmemory";
  readonly staging: InMemoryStaging;
  readonly #store: InMemoryStore;
  /** A number for each object that was looked at: whoever replaces one puts in another. */
  readonly #versions = new WeakMap<StoredBytes, number>();
  #lastVersion = 0;

  /** @param store to share with other drivers; an empty one of its own when left out. */
  constructor(store: InMemoryStore = createInMemoryStore()) {
    this.#store = store;
    this.staging = new InMemoryStaging(store);
  }

  async stat(key: string, { signal }: CallOptions): Promise<ObjectInfo | undefined> {
    signal.throwIfAborted();
    checkKey(key);
    const object = this.#store.objects.get(key);
    return object && { key, sizeBytes: object.bytes.sizeBytes, modifiedAt: object.modifiedAt };
  }

  async *read(
    key: string,
    { signal, range = { startBytes: 0 } }: CallOptions & { readonly range?: ByteRange },
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    checkKey(key);
    const object = this.#store.objects.get(key);
    if (object === undefined) throw new ObjectNotFound(key);
    for (const piece of object.bytes.read(range)) {
      signal.throwIfAborted();
      yield piece;
    }
  }

  async write(key: string, bytes: Uint8Array, { signal, ifAbsent }: WriteOptions): Promise<void> {
    signal.throwIfAborted();
    checkObjectKey(key);
    if (ifAbsent === true && this.#store.objects.has(key)) throw new ObjectExists(key);
    const whole = new ByteList();
    whole.append(bytes);
    this.#store.objects.set(key, { bytes: whole, modifiedAt: new Date() });
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    checkKey(key);
    this.#store.objects.delete(key);
  }

  async deleteTree(prefix: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    checkKey(prefix);
    for (const map of [this.#store.objects, this.#store.staged]) {
      for (const key of map.keys()) {
        if (key === prefix || key.startsWith(`${prefix}/`)) map.delete(key);
      }
    }
  }

  async *list(
    prefix: string,
    { signal, after = "" }: CallOptions & { readonly after?: string },
  ): AsyncGenerator<ListEntry> {
    signal.throwIfAborted();
    checkPrefix(prefix);
    const folder = prefix === "" ? "" : `${prefix}/`;
    for (const entry of this.#below(folder, after)) {
      signal.throwIfAborted();
      yield entry;
    }
  }

  *#below(folder: string, after: string): Generator<ListEntry> {
    const { objects } = this.#store;
    let key = objects.firstBehind(`${folder}${after}`);
    while (key?.startsWith(folder) === true) {
      const slash = key.indexOf("/", folder.length);
      const name = key.slice(folder.length, slash === -1 ? undefined : slash);
      const kind = slash === -1 ? "object" : "prefix";
      if (kind === "object" || `${name}/` > after) yield { kind, name };
      // No key has a character behind this one, so that the next is the first of another name.
      key = objects.firstBehind(kind === "object" ? key : `${folder}${name}/~`);
    }
  }

  quickStat(key: string): QuickInfo | undefined {
    checkKey(key);
    const object = this.#store.objects.get(key);
    if (object === undefined) return undefined;
    const version = this.#versions.get(object) ?? (this.#lastVersion += 1);
    this.#versions.set(object, version);
    return { sizeBytes: object.bytes.sizeBytes, version: [version], settlesAfterMs: 0 };
  }

  /** Nothing to close; the bytes go with the store. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
