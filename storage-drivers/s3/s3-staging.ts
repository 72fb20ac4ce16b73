import { ObjectNotFound, StorageUnavailable } from "../../src/storage/errors.ts";
import type {
  AppendOptions,
  CallOptions,
  ObjectInfo,
  StagedInfo,
  StagingArea,
} from "../../src/storage/storage-driver.ts";
import { Incoming } from "../incoming.ts";
import { checkObjectKey, checkStagedKey } from "../keys.ts";
import { discardUpload } from "./discard-upload.ts";
import { completeUpload, publishUpload, type UploadParts } from "./publish-upload.ts";
import { readObject } from "./read-object.ts";
import { failedFor } from "./s3-errors.ts";
import { checkUnchanged, type UploadRecord } from "./upload-record.ts";
import { readTail } from "./upload-tail.ts";
import { UploadWriter } from "./upload-writer.ts";
import { stagedInfo } from "./upload-state.ts";

/** How long what has arrived may take to be saved after the caller has given up. */
const SAVE_TIMEOUT_MS = 30_000;

/** Staged objects are multipart uploads of their key, with a record and what is left over beside it. */
export class S3Staging implements StagingArea {
  readonly #parts: UploadParts;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  async create(key: string, { signal }: CallOptions): Promise<StagedInfo> {
    checkStagedKey(key);
    return stagedInfo((await this.#parts.records.create(key, { signal })).state);
  }

  async stat(key: string, { signal }: CallOptions): Promise<StagedInfo | undefined> {
    checkStagedKey(key);
    const record = await this.#parts.records.load(key, { signal });
    return record && stagedInfo(record.state);
  }

  async append(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    { signal, at, onKept }: AppendOptions,
  ): Promise<StagedInfo> {
    checkStagedKey(key);
    const record = await this.#parts.records.load(key, { signal });
    if (record === undefined) throw new ObjectNotFound(key);
    checkUnchanged(key, record, at);
    if (record.state.isComplete) {
      const reason = "StagedComplete";
      throw new StorageUnavailable(`${key} was read and can no longer grow`, { reason });
    }
    using saving = new SavingSignal(signal);
    await using incoming = new Incoming(bytes, signal);
    try {
      return await this.#appendAll(key, record, { incoming, onKept, signal: saving.signal });
    } catch (error) {
      throw failedFor(error, "NoSuchUpload") ? new ObjectNotFound(key, { cause: error }) : error;
    }
  }

  async #appendAll(
    key: string,
    record: UploadRecord,
    { incoming, onKept, signal }: Omit<AppendOptions, "at"> & { readonly incoming: Incoming },
  ): Promise<StagedInfo> {
    const { settings, ...parts } = this.#parts;
    const { chunkSizeBytes } = settings;
    await using writer = new UploadWriter(key, record, { ...parts, chunkSizeBytes, signal });
    for (;;) {
      const arrival = await incoming.next();
      if (arrival.kind === "end") return await writer.finish();
      if (arrival.kind === "broken") {
        const left = await writer.finish().catch(keepWhatIsThere);
        if (left) onKept?.(left);
        throw arrival.error;
      }
      await writer.add(arrival.bytes);
    }
  }

  async *read(key: string, { signal }: CallOptions): AsyncGenerator<Uint8Array> {
    checkStagedKey(key);
    const { bucket, records } = this.#parts;
    const record = await records.load(key, { signal });
    if (record === undefined) throw new ObjectNotFound(key);
    const { parts, tail } = record.state;
    if (parts.length === 0) {
      yield* readTail(bucket, key, { signal, tail });
      return;
    }
    await completeUpload(key, record, { signal, parts: this.#parts });
    yield* readObject(bucket, key, { signal, range: { startBytes: 0 } });
  }

  async publish(
    key: string,
    to: string,
    { signal, at }: CallOptions & { readonly at: StagedInfo },
  ): Promise<ObjectInfo> {
    checkStagedKey(key);
    checkObjectKey(to);
    return await publishUpload(key, to, { signal, at, parts: this.#parts });
  }

  async discard(key: string, { signal }: CallOptions): Promise<void> {
    checkStagedKey(key);
    await discardUpload(this.#parts, key, { signal });
  }
}

/** Aborts some time after another signal has, and not at all once it is disposed. */
class SavingSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(caller: AbortSignal) {
    this.#caller = caller;
    caller.addEventListener("abort", this.#begin, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #begin = (): void => {
    const end = (): void => this.#controller.abort(this.#caller.reason);
    this.#timer = setTimeout(end, SAVE_TIMEOUT_MS).unref();
  };

  [Symbol.dispose](): void {
    this.#caller.removeEventListener("abort", this.#begin);
    clearTimeout(this.#timer);
  }
}

/** The source's failure is the one to tell. */
function keepWhatIsThere(): undefined {
  return undefined;
}
