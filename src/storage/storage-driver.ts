/**
 * The port to wherever bytes are kept. Every driver passes `test/contracts/storage-driver.ts`.
 *
 * A key is a path of segments joined by `/`, without a leading one. An object is a whole: it is there
 * with all its bytes or not at all, also after a kill or a power cut. What grows while it arrives lives
 * in a {@link StagingArea} until it is published.
 */

/** Every call that does I/O takes the caller's signal, and rejects with `signal.reason` once it is aborted. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface ChangeOptions extends CallOptions {
  /**
   * A power cut (not a crash of the process) may undo the change: it is for what nobody would miss. It
   * may take the folder that directly holds the object, too, as it may that of a staged object: nothing
   * durable may be put beside or below it. What is above that folder is safe.
   */
  readonly isVolatile?: boolean;
}

export interface WriteOptions extends ChangeOptions {
  /**
   * Stores the object only if there is none at the moment at which it would appear, whoever else
   * writes, in whatever process. A store that cannot promise that compares and writes in two steps:
   * `storage-drivers/README.md` names those.
   */
  readonly ifAbsent?: boolean;
}

/** Half-open in spirit: `lengthBytes` bytes from `startBytes` on, or all the rest. A range beyond the end yields what is there. */
export interface ByteRange {
  readonly startBytes: number;
  readonly lengthBytes?: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** `prefix`: something lies below `key` + `/` (on a filesystem it may be an empty directory). */
export interface ListEntry {
  readonly kind: "object" | "prefix";
  /** The last segment only, without a slash. */
  readonly name: string;
}

export interface StorageDriver extends AsyncDisposable {
  /** Short and constant, for logs and metrics: `filesystem`, `s3`, `inmemory`. */
  readonly name: string;

  /** Objects that are still coming in. */
  readonly staging: StagingArea;

  /** @returns `undefined` when there is no such object (a prefix is not an object). Never throws for absence. */
  stat(key: string, options: CallOptions): Promise<ObjectInfo | undefined>;

  /**
   * Streams an object. Leaving the loop early releases every resource.
   * @throws {ObjectNotFound} on the first pull.
   */
  read(
    key: string,
    options: CallOptions & { readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>;

  /**
   * Stores a small object (links, tags, manifests: at most a few MiB), replacing what was there. A
   * reader sees the old bytes or the new, never a part. It is durable when the promise resolves.
   * @throws {ObjectExists} with `ifAbsent`, when there is one: what this call was given was never there,
   * and what is there is durable. One with the very same bytes may be taken for this call's own.
   */
  write(key: string, bytes: Uint8Array, options: WriteOptions): Promise<void>;

  /** Removes one object. Idempotent: an absent one is no error. */
  delete(key: string, options: CallOptions): Promise<void>;

  /** Removes everything below `prefix` + `/`, staged objects included, and an object of that very key. Idempotent. */
  deleteTree(prefix: string, options: ChangeOptions): Promise<void>;

  /**
   * What lies directly below `prefix` + `/` (below the root for an empty prefix), in ascending byte
   * order of name, where a prefix counts as its name + `/`. Nothing for an absent prefix. `after`
   * starts behind an entry in that same order (so after `a/` comes `a0`). Staged objects and a
   * driver's own working files are never listed; a prefix that holds only such may be.
   */
  list(
    prefix: string,
    options: CallOptions & { readonly after?: string },
  ): AsyncIterable<ListEntry>;
}

/** A staged object as it is now. */
export interface StagedInfo {
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /**
   * Changes whenever anyone changes the staged object, in whatever process. A caller that remembers
   * something about the bytes (their running hash) may trust it only while this stays the same.
   */
  readonly version: string;
}

export interface AppendOptions extends CallOptions {
  /** What the caller has found, and appends to. */
  readonly at: StagedInfo;
  /**
   * Called at most once, before an append throws that was cut short: with the staged object as this
   * append left it, all of it `at` and the bytes from this source. Not called when that is not sure.
   * Asking `stat` instead may find the bytes of another process, and as many of them.
   */
  readonly onKept?: ((left: StagedInfo) => void) | undefined;
}

/**
 * Objects that grow while they arrive. Any process on the same store can go on with one: nothing is
 * kept in memory between calls. Keys are those of the object's folder in the store's layout
 * (`.../_uploads/<uuid>/data`).
 *
 * Life cycle: create, append*, then publish or discard. After a crash in the middle of an append the
 * size is that of what survived.
 */
export interface StagingArea {
  /** Begins an empty one. @throws {StorageUnavailable} when it exists already. */
  create(key: string, options: CallOptions): Promise<StagedInfo>;

  /** @returns `undefined` when there is none: never created, published or discarded. */
  stat(key: string, options: CallOptions): Promise<StagedInfo | undefined>;

  /**
   * Appends all of `bytes`. When the source fails or the signal aborts, what had arrived is kept as
   * far as the store can, and the source's error (or the signal's reason) is thrown; ask `stat` for
   * the size. Resolves without an fsync: durability comes with `publish`.
   * A piece of `bytes` may be kept only until the next one is asked for: its memory is used again then.
   * Pieces of 1 MiB, in aligned memory, are the fastest.
   * @throws {StagedOutOfOrder} when the staged object is not exactly `at` (size and version), before reading `bytes`.
   * @throws {ObjectNotFound} when there is none.
   */
  append(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<StagedInfo>;

  /**
   * Streams what is there so far, from the start. A store that cannot read what is not complete
   * completes it first (nothing can be appended afterwards then).
   * @throws {ObjectNotFound} on the first pull.
   */
  read(key: string, options: CallOptions): AsyncIterable<Uint8Array>;

  /**
   * Makes the staged object the object `to`, durably, and ends the staged one. An object `to` of the
   * same size is kept as it is (content-addressed: it is the same); one of another size is damaged
   * and is replaced. Idempotent across a crash: when `to` is there and the staged one is not, done.
   * @throws {ObjectNotFound} when neither is there.
   * @throws {StagedOutOfOrder} when the staged object is not exactly `at`: somebody appended meanwhile.
   */
  publish(
    key: string,
    to: string,
    options: CallOptions & { readonly at: StagedInfo },
  ): Promise<ObjectInfo>;

  /** Gives a staged object up, with all it holds in the store. Idempotent. */
  discard(key: string, options: CallOptions): Promise<void>;
}

/** Optional power: objects that are plain files on this machine. */
export interface LocalFiles {
  /** Absolute path of the file that holds the object, or would hold it. Works for staged objects too. */
  localPath(key: string): string;
}

/** What a quick look tells of an object. */
export interface QuickInfo {
  readonly sizeBytes: number;
  /**
   * To compare by {@link isSameVersion} with that of another look through the same driver: it differs
   * once anybody has changed or replaced the object, in whatever process and in whatever way.
   */
  readonly version: readonly number[];
  /**
   * Two changes that lie closer together may leave the same version, for times are kept in steps. Who
   * remembers something about the bytes must have seen the version for so long before reading them.
   */
  readonly settlesAfterMs: number;
}

/** Optional power: looking at an object without waiting. */
export interface QuickStat {
  /**
   * The object as it is now: nothing is remembered. It takes microseconds, and everything else stops
   * meanwhile; a path that nobody has looked at for long may have to come from the disk. So ask only for
   * what {@link StorageDriver.stat} or {@link StorageDriver.read} has found before.
   * @returns `undefined` when there is no such object, as `stat` does. @throws {StorageUnavailable}
   */
  quickStat(key: string): QuickInfo | undefined;
}

/** Optional power: the store itself serves objects by a signed URL. */
export interface PresignedUrls {
  /** A URL that answers `method` for the object without further credentials for `expiresSeconds`. Never log its query. */
  presign(
    key: string,
    options: CallOptions & {
      readonly method: "GET" | "HEAD";
      readonly expiresSeconds: number;
    },
  ): Promise<URL>;
}

export function hasLocalFiles(driver: StorageDriver): driver is StorageDriver & LocalFiles {
  return "localPath" in driver;
}

export function hasQuickStat(driver: StorageDriver): driver is StorageDriver & QuickStat {
  return "quickStat" in driver;
}

/** Whether nothing has happened to an object between two looks that are as far apart as it takes to settle. */
export function isSameVersion(one: QuickInfo, other: QuickInfo): boolean {
  const { version } = other;
  return one.version.every((part, index) => part === version[index]);
}

export function hasPresignedUrls(driver: StorageDriver): driver is StorageDriver & PresignedUrls {
  return "presign" in driver;
}

const DOTS_ALONE = /(?:^|\/)\.\.?(?:\/|$)/;
const KEY = /^[A-Za-z0-9._:-]+(?:\/[A-Za-z0-9._:-]+)*$/;

/** Letters, digits and `._:-` in segments that are not empty, `.` or `..`; at most 1,024 characters (the limit of S3). */
export function isStorageKey(text: string): boolean {
  return text.length <= 1024 && KEY.test(text) && !DOTS_ALONE.test(text);
}
