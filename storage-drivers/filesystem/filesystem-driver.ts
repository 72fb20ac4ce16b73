import { dirname, join, resolve } from "node:path";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { Slots } from "../../src/lib/slots.ts";
import { ObjectExists, ObjectNotFound, StorageUnavailable } from "../../src/storage/errors.ts";
import type {
  ByteRange,
  CallOptions,
  ChangeOptions,
  ListEntry,
  LocalFiles,
  ObjectInfo,
  QuickInfo,
  QuickStat,
  StorageDriver,
  WriteOptions,
} from "../../src/storage/storage-driver.ts";
import { checkKey, checkObjectKey, checkPrefix, childKey, isObjectKey } from "../keys.ts";
import { createFile } from "./create-file.ts";
import { Directories } from "./directories.ts";
import { absentAsUndefined, errnoOf, namingFailure, toStorageError } from "./failures.ts";
import { type FileSystem, realFileSystem } from "./file-system.ts";
import { FilesystemStaging } from "./filesystem-staging.ts";
import { ListingCache } from "./listing-cache.ts";
import { openPlainFile, readFile, replaceFile } from "./object-files.ts";
import type { PackedListing } from "./packed-listing.ts";
import { ownIdentity } from "./process-identity.ts";
import { type FilesystemParts, objectAt } from "./publish-file.ts";
import { quickStatFile } from "./quick-stat.ts";

/** The section `storage.filesystem` of the configuration. */
export interface FilesystemSettings {
  /** Directory below which everything lies; made when it is missing. May be relative. */
  readonly rootDirectory: string;
  /**
   * Operations at the same time that hold an open file and end without anybody's help: writing,
   * publishing, listing. Streams are not counted, for they live as long as a slow client likes.
   */
  readonly maxThreads: number;
  /** Whether large uploads are written round the page cache; default yes, where that can be. */
  readonly directWrites?: boolean;
}

/**
 * One file per object, at its key below the root: the layout that the reference registry reads too.
 * Directories may be symbolic links, files may not. Folders that become empty stay.
 */
export class FilesystemDriver implements StorageDriver, LocalFiles, QuickStat {
  readonly name = "filesystem";
  readonly staging: FilesystemStaging;
  readonly #parts: FilesystemParts;
  readonly #listings: ListingCache;

  private constructor(parts: FilesystemParts) {
    this.#parts = parts;
    this.#listings = new ListingCache(parts);
    this.staging = new FilesystemStaging(parts);
  }

  /** @throws {StorageUnavailable} when the root is no directory and cannot be made one. */
  static async open(
    { rootDirectory, maxThreads, directWrites: isDirect = true }: FilesystemSettings,
    files: FileSystem = realFileSystem(),
    clock: Clock = systemClock,
  ): Promise<FilesystemDriver> {
    const root = resolve(rootDirectory);
    const directories = new Directories(files);
    await namingFailure(`open the directory ${root}`, async () => {
      const present = await files.stat(root).catch(absentAsUndefined);
      if (present === undefined) await directories.make(root);
      if (!(present ?? (await files.stat(root))).isDirectory()) {
        throw new StorageUnavailable(`${root} is no directory`, { reason: "ENOTDIR" });
      }
    });
    const pathOf = (key: string): string => join(root, key);
    const [slots, identity] = [new Slots(maxThreads), await ownIdentity()];
    return new FilesystemDriver({ files, directories, clock, slots, pathOf, identity, isDirect });
  }

  async stat(key: string, { signal }: CallOptions): Promise<ObjectInfo | undefined> {
    signal.throwIfAborted();
    checkKey(key);
    if (!isObjectKey(key)) return undefined;
    return namingFailure(`look at ${key}`, () => objectAt(key, this.#parts));
  }

  async *read(
    key: string,
    { signal, range = { startBytes: 0 } }: CallOptions & { readonly range?: ByteRange },
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    checkKey(key);
    const { files, pathOf } = this.#parts;
    await using file = await namingFailure(`open ${key}`, async () =>
      isObjectKey(key) ? openPlainFile(files, pathOf(key)) : undefined,
    );
    if (file === undefined) throw new ObjectNotFound(key);
    yield* readFile(file, { key, signal, range });
  }

  async write(
    key: string,
    bytes: Uint8Array,
    { signal, isVolatile, ifAbsent }: WriteOptions,
  ): Promise<void> {
    checkObjectKey(key);
    using _slot = await this.#parts.slots.take(signal);
    const [path, placing] = [this.#parts.pathOf(key), { ...this.#parts, isVolatile }];
    await namingFailure(`write ${key}`, async () => {
      if (ifAbsent !== true) await replaceFile(path, bytes, placing);
      else if (!(await createFile(path, bytes, placing))) throw new ObjectExists(key);
    });
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    checkKey(key);
    if (!isObjectKey(key)) return;
    const { directories, pathOf } = this.#parts;
    try {
      await directories.unlink(pathOf(key));
    } catch (error) {
      // A directory is no object. Systems differ in how they say so.
      const isDirectory = errnoOf(error) === "EISDIR" || errnoOf(error) === "EPERM";
      if (!isDirectory || (await this.stat(key, { signal }))) {
        throw toStorageError(error, `delete ${key}`);
      }
    }
  }

  async deleteTree(prefix: string, { signal, isVolatile }: ChangeOptions): Promise<void> {
    signal.throwIfAborted();
    checkKey(prefix);
    const { files, directories, pathOf } = this.#parts;
    const path = pathOf(prefix);
    await namingFailure(`delete all of ${prefix}`, async () => {
      await files.rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
      directories.forget(path);
      if (isVolatile !== true) await directories.sync(dirname(path)).catch(absentAsUndefined);
    });
  }

  async *list(
    prefix: string,
    { signal, after }: CallOptions & { readonly after?: string },
  ): AsyncGenerator<ListEntry> {
    checkPrefix(prefix);
    const listing = await this.#listingOf(prefix, signal);
    for (const { kind, name } of listing.behind(after)) {
      signal.throwIfAborted();
      if (kind !== "link") yield { kind, name };
      else if (await this.#isDirectory(childKey(prefix, name))) yield { kind: "prefix", name };
    }
  }

  async #listingOf(prefix: string, signal: AbortSignal): Promise<PackedListing> {
    using _slot = await this.#parts.slots.take(signal);
    return await namingFailure(`list ${prefix || "the root"}`, () => this.#listings.of(prefix));
  }

  /** What a symbolic link leads to may change at any time. */
  async #isDirectory(key: string): Promise<boolean> {
    const { files, pathOf } = this.#parts;
    const stats = await namingFailure(`look at ${key}`, () =>
      files.stat(pathOf(key)).catch(absentAsUndefined),
    );
    return stats?.isDirectory() === true;
  }

  /** Stays the path when the object is replaced; a reader opens it and keeps what it has opened. */
  localPath(key: string): string {
    checkKey(key);
    return this.#parts.pathOf(key);
  }

  quickStat(key: string): QuickInfo | undefined {
    checkKey(key);
    return isObjectKey(key) ? quickStatFile(this.#parts.pathOf(key), key) : undefined;
  }

  /** Nothing to close: no file stays open between calls. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
