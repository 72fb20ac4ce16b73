import { randomUUID } from "node:crypto";
import { ObjectNotFound, StagedOutOfOrder, StorageUnavailable } from "../../src/storage/errors.ts";
import type {
  AppendOptions,
  CallOptions,
  ObjectInfo,
  StagedInfo,
  StagingArea,
} from "../../src/storage/storage-driver.ts";
import { Incoming } from "../incoming.ts";
import { checkObjectKey, checkStagedKey } from "../keys.ts";
import { ByteList } from "./byte-list.ts";
import type { InMemoryStore, StagedBytes, StoredBytes } from "./inmemory-store.ts";

/** The {@link StagingArea} of the driver in memory. */
export class InMemoryStaging implements StagingArea {
  readonly #store: InMemoryStore;

  constructor(store: InMemoryStore) {
    this.#store = store;
  }

  async create(key: string, { signal }: CallOptions): Promise<StagedInfo> {
    signal.throwIfAborted();
    checkStagedKey(key);
    if (this.#store.staged.has(key)) {
      throw new StorageUnavailable(`${key} exists already`, { reason: "EEXIST" });
    }
    return infoOf(this.#put(key, new ByteList()));
  }

  async stat(key: string, { signal }: CallOptions): Promise<StagedInfo | undefined> {
    signal.throwIfAborted();
    checkStagedKey(key);
    const staged = this.#store.staged.get(key);
    return staged && infoOf(staged);
  }

  async append(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    { signal, at, onKept }: AppendOptions,
  ): Promise<StagedInfo> {
    signal.throwIfAborted();
    let staged = this.#exactly(key, at);
    await using incoming = new Incoming(bytes, signal);
    for (;;) {
      const arrival = await incoming.next();
      if (this.#store.staged.get(key) !== staged) throw this.#overtaken(key);
      if (arrival.kind === "end") return infoOf(staged);
      if (arrival.kind === "broken") {
        onKept?.(infoOf(staged));
        throw arrival.error;
      }
      staged.bytes.append(arrival.bytes);
      staged = this.#put(key, staged.bytes);
    }
  }

  async *read(key: string, { signal }: CallOptions): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    for (const piece of this.#existing(key).bytes.read({ startBytes: 0 })) {
      signal.throwIfAborted();
      yield piece;
    }
  }

  async publish(
    key: string,
    to: string,
    { signal, at }: CallOptions & { readonly at: StagedInfo },
  ): Promise<ObjectInfo> {
    signal.throwIfAborted();
    checkStagedKey(key);
    checkObjectKey(to);
    const present = this.#store.objects.get(to);
    const isThere = present?.bytes.sizeBytes === at.sizeBytes;
    if (isThere && !this.#store.staged.has(key)) return objectOf(to, present);
    const { bytes } = this.#exactly(key, at);
    const object = isThere ? present : { bytes, modifiedAt: new Date() };
    this.#store.objects.set(to, object);
    this.#store.staged.delete(key);
    return objectOf(to, object);
  }

  async discard(key: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    checkStagedKey(key);
    this.#store.staged.delete(key);
  }

  #put(key: string, bytes: ByteList): StagedBytes {
    const staged = { bytes, version: randomUUID(), modifiedAt: new Date() };
    this.#store.staged.set(key, staged);
    return staged;
  }

  #existing(key: string): StagedBytes {
    checkStagedKey(key);
    const staged = this.#store.staged.get(key);
    if (staged === undefined) throw new ObjectNotFound(key);
    return staged;
  }

  #exactly(key: string, at: StagedInfo): StagedBytes {
    const staged = this.#existing(key);
    const { sizeBytes, version } = infoOf(staged);
    if (sizeBytes === at.sizeBytes && version === at.version) return staged;
    throw new StagedOutOfOrder(key, sizeBytes);
  }

  #overtaken(key: string): Error {
    const staged = this.#store.staged.get(key);
    return staged ? new StagedOutOfOrder(key, staged.bytes.sizeBytes) : new ObjectNotFound(key);
  }
}

function infoOf({ bytes, version, modifiedAt }: StagedBytes): StagedInfo {
  return { sizeBytes: bytes.sizeBytes, version, modifiedAt };
}

function objectOf(key: string, { bytes, modifiedAt }: StoredBytes): ObjectInfo {
  return { key, sizeBytes: bytes.sizeBytes, modifiedAt };
}
