import type { BigIntStats } from "node:fs";
import { absentAsUndefined } from "./failures.ts";
import { listDirectory } from "./list-directory.ts";
import type { PackedListing } from "./packed-listing.ts";
import type { FilesystemParts } from "./publish-file.ts";

/** Reading a directory of fewer entries is hardly dearer than looking whether it has changed. */
const MIN_ENTRIES = 64;
/** About a million names of ten characters. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/** Size of a directory with a few thousand entries; on any filesystem, one of many thousands is larger. */
const LARGE_BYTES = 64 * 1024;

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;
/** The kernel's clock for files stands still for up to 10 ms at a time. */
const TICK_NS = 50n * NS_PER_MS;
/** Some filesystems keep whole seconds, or every other one. */
const COARSE_TICK_NS = 3n * NS_PER_S;

interface Kept {
  readonly stamp: string;
  readonly listing: PackedListing;
}

/** Reads of one directory: one at a time, and one that has not begun for all who came since. */
interface Reads {
  running: Promise<PackedListing>;
  next: Promise<PackedListing> | undefined;
}

/**
 * Listings of large directories. Before each use the directory is looked at, so that what anybody
 * has changed is seen at once: a listing counts as long as the directory is the same one and has
 * the same times as when it was read.
 *
 * Two changes within a tick of the kernel's clock leave the same time behind. So only that of a
 * directory is kept whose last change was clearly over when reading it began: whatever comes later,
 * or meanwhile, gives it another time. See `src/decisions/0012-listings-by-page.md`.
 */
export class ListingCache {
  readonly #parts: Pick<FilesystemParts, "files" | "pathOf">;
  readonly #limitBytes: number;
  /** The one that was used longest ago comes first. */
  readonly #kept = new Map<string, Kept>();
  readonly #reads = new Map<string, Reads>();
  #keptBytes = 0;

  /** @param limitBytes of all listings together. */
  constructor(parts: Pick<FilesystemParts, "files" | "pathOf">, limitBytes: number = LIMIT_BYTES) {
    this.#parts = parts;
    this.#limitBytes = limitBytes;
  }

  /** As the directory of `prefix` is now, or was at any time since the call. */
  async of(prefix: string): Promise<PackedListing> {
    if (this.#kept.has(prefix)) {
      const kept = this.#current(prefix, await this.#look(prefix));
      if (kept !== undefined) return kept;
    }
    return await this.#fresh(prefix);
  }

  /** A read that runs already may have missed a change that came before the call. */
  #fresh(prefix: string): Promise<PackedListing> {
    const reads = this.#reads.get(prefix);
    if (reads === undefined) return this.#begin(prefix);
    reads.next ??= reads.running.then(
      () => this.#begin(prefix),
      () => this.#begin(prefix),
    );
    return reads.next;
  }

  #begin(prefix: string): Promise<PackedListing> {
    const running = this.#read(prefix);
    const reads: Reads = { running, next: undefined };
    this.#reads.set(prefix, reads);
    const end = (): void => {
      if (reads.next === undefined) this.#reads.delete(prefix);
    };
    running.then(end, end);
    return running;
  }

  async #read(prefix: string): Promise<PackedListing> {
    const beganMs = Date.now();
    const before = await this.#look(prefix);
    const kept = this.#current(prefix, before);
    if (kept !== undefined) return kept;
    const isLarge = before !== undefined && before.size > LARGE_BYTES;
    const listing = await listDirectory(prefix, { parts: this.#parts, isLarge });
    const isWorthIt = listing.length >= MIN_ENTRIES;
    if (isWorthIt && before !== undefined && isLongPast(before, beganMs)) {
      this.#keep(prefix, { stamp: stampOf(before), listing });
    }
    return listing;
  }

  #look(prefix: string): Promise<BigIntStats | undefined> {
    const { files, pathOf } = this.#parts;
    return files.stat(pathOf(prefix), { bigint: true }).catch(absentAsUndefined);
  }

  /** What is kept, if it still counts; else it is forgotten. */
  #current(prefix: string, stats: BigIntStats | undefined): PackedListing | undefined {
    const kept = this.#kept.get(prefix);
    if (kept === undefined) return undefined;
    this.#forget(prefix, kept);
    if (stats === undefined || stampOf(stats) !== kept.stamp) return undefined;
    this.#keep(prefix, kept);
    return kept.listing;
  }

  #keep(prefix: string, kept: Kept): void {
    if (kept.listing.sizeBytes > this.#limitBytes) return;
    this.#kept.set(prefix, kept);
    this.#keptBytes += kept.listing.sizeBytes;
    for (const [oldest, { listing }] of this.#kept) {
      if (this.#keptBytes <= this.#limitBytes) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= listing.sizeBytes;
    }
  }

  #forget(prefix: string, { listing }: Kept): void {
    this.#kept.delete(prefix);
    this.#keptBytes -= listing.sizeBytes;
  }
}

/** Whatever changes the entries of a directory changes its times; another directory has another number. */
function stampOf({ dev, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${mtimeNs} ${ctimeNs}`;
}

/** Whether a change from `atMs` on is bound to leave other times behind than these. */
function isLongPast({ mtimeNs, ctimeNs }: BigIntStats, atMs: number): boolean {
  const lastNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const tickNs = lastNs % NS_PER_S === 0n ? COARSE_TICK_NS : TICK_NS;
  return lastNs + tickNs < BigInt(atMs) * NS_PER_MS;
}
