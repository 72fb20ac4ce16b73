import { constants } from "node:fs";
import { dirname } from "node:path";
import { ObjectNotFound, StagedOutOfOrder } from "../../src/storage/errors.ts";
import type {
  AppendOptions,
  CallOptions,
  ObjectInfo,
  StagedInfo,
  StagingArea,
} from "../../src/storage/storage-driver.ts";
import { Incoming } from "../incoming.ts";
import { checkObjectKey, checkStagedKey } from "../keys.ts";
import { markAppending } from "./append-marks.ts";
import { namingFailure } from "./failures.ts";
import type { OpenFile } from "./file-system.ts";
import { openPlainFile, readFile } from "./object-files.ts";
import { type FilesystemParts, publishFile } from "./publish-file.ts";
import { checkUnchanged, stagedInfo, StagedWriter } from "./staged-file.ts";
import { takeOver } from "./take-over.ts";

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** Staged objects are files at their keys, appended in place. */
export class FilesystemStaging implements StagingArea {
  readonly #parts: FilesystemParts;
  readonly #appending = new Set<string>();

  constructor(parts: FilesystemParts) {
    this.#parts = parts;
  }

  async create(key: string, { signal }: CallOptions): Promise<StagedInfo> {
    signal.throwIfAborted();
    checkStagedKey(key);
    const { files, directories, pathOf } = this.#parts;
    const path = pathOf(key);
    const create = async (): Promise<StagedInfo> => {
      await using file = await files.open(path, CREATE, 0o666);
      return stagedInfo(await file.stat({ bigint: true }));
    };
    return namingFailure(`create ${key}`, () =>
      // What is staged is durable once it is published, and not before.
      directories.within(dirname(path), create, { isVolatile: true }),
    );
  }

  async stat(key: string, { signal }: CallOptions): Promise<StagedInfo | undefined> {
    signal.throwIfAborted();
    checkStagedKey(key);
    const { files, pathOf } = this.#parts;
    return namingFailure(`look at ${key}`, async () => {
      await using file = await openPlainFile(files, pathOf(key));
      return file && stagedInfo(await file.stat({ bigint: true }));
    });
  }

  async append(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    { signal, at, onKept }: AppendOptions,
  ): Promise<StagedInfo> {
    signal.throwIfAborted();
    checkStagedKey(key);
    const { files, pathOf, isDirect } = this.#parts;
    const path = pathOf(key);
    await using mark = await namingFailure(`append to ${key}`, () =>
      markAppending(path, this.#parts),
    );
    if (mark === undefined) throw new ObjectNotFound(key);
    if (this.#appending.has(key)) throw new StagedOutOfOrder(key, at.sizeBytes);
    this.#appending.add(key);
    try {
      const now = await takeOver(key, { at, mark, signal, parts: this.#parts });
      await using file = await this.#open(key, APPEND);
      const stats = await namingFailure(`look at ${key}`, () => file.stat({ bigint: true }));
      checkUnchanged(key, stats, now);
      if (stats.nlink > 1n) throw new StagedOutOfOrder(key, at.sizeBytes);
      await using incoming = new Incoming(bytes, signal);
      await using writer = new StagedWriter({ key, file, path, files, isDirect }, stats);
      return await appendAll(key, writer, { incoming, onKept });
    } finally {
      this.#appending.delete(key);
    }
  }

  async *read(key: string, { signal }: CallOptions): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    await using file = await this.#open(key);
    yield* readFile(file, { key, signal, range: { startBytes: 0 } });
  }

  async publish(
    key: string,
    to: string,
    { signal, at }: CallOptions & { readonly at: StagedInfo },
  ): Promise<ObjectInfo> {
    checkStagedKey(key);
    checkObjectKey(to);
    using _slot = await this.#parts.slots.take(signal);
    return await namingFailure(`publish ${key} as ${to}`, () =>
      publishFile(key, to, { at, parts: this.#parts }),
    );
  }

  async discard(key: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    checkStagedKey(key);
    const { directories, pathOf } = this.#parts;
    await namingFailure(`discard ${key}`, () => directories.unlink(pathOf(key)));
  }

  async #open(key: string, flags?: number): Promise<OpenFile> {
    checkStagedKey(key);
    const { files, pathOf } = this.#parts;
    const file = await namingFailure(`open ${key}`, () => openPlainFile(files, pathOf(key), flags));
    if (file === undefined) throw new ObjectNotFound(key);
    return file;
  }
}

async function appendAll(
  key: string,
  writer: StagedWriter,
  { incoming, onKept }: Pick<AppendOptions, "onKept"> & { readonly incoming: Incoming },
): Promise<StagedInfo> {
  const doing = `append to ${key}`;
  for (;;) {
    const arrival = await incoming.next();
    if (arrival.kind === "end") return await namingFailure(doing, () => writer.finish());
    if (arrival.kind === "broken") {
      const left = await writer.finish().catch(asUnsure);
      if (left) onKept?.(left);
      throw arrival.error;
    }
    await namingFailure(doing, () => writer.add(arrival.bytes));
  }
}

/** The source's failure is the one to tell. */
function asUnsure(): undefined {
  return undefined;
}
