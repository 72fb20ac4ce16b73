import type { DatabaseSync } from "node:sqlite";
import { type ChunkId, chunkIdBytes } from "../../chunks/chunk-id.ts";
import type { ChunkList } from "../../chunks/recipe/chunk-list.ts";
import { openSqliteCache, transact } from "../../lib/sqlite-cache.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";

/** `BBNT`. */
const APPLICATION_ID = 0x42424e54;
const VERSION = 1;
/** One chunk in so many is a sample: those whose id begins with a number below 256 / 16. */
const SAMPLED_BELOW = 16;
const MOST_SAMPLES = 4096;

const TABLES = `
  CREATE TABLE uses (digest TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE kept (digest TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE samples (id BLOB NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (id, digest)) WITHOUT ROWID;
  CREATE INDEX samplesByDigest ON samples (digest);
`;

/** Another blob that has chunks in common with one. */
export interface LikeBlob {
  readonly digest: Digest;
  /** Of the chunks that were compared, from 0 to 1. */
  readonly share: number;
}

/**
 * What this machine remembers of blobs: when they were read, why they keep their data, and which are like
 * which. A file of SQLite, which several processes may have open. Losing it costs work done again.
 */
export class BlobNotes implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @param path of its file; made where there is none, and anew where it is damaged. */
  static open(path: string): BlobNotes {
    const schema = { applicationId: APPLICATION_ID, version: VERSION, tables: TABLES };
    return new BlobNotes(openSqliteCache(path, schema));
  }

  /** @param uses when each was last read, in ms of the day's clock. */
  noteUses(uses: ReadonlyMap<Digest, number>): void {
    const add = this.#database.prepare(
      "INSERT INTO uses VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
    );
    transact(this.#database, () => {
      for (const [digest, atMs] of uses) add.run(digest, atMs);
    });
  }

  usedAtMs(digest: Digest): number | undefined {
    const row = this.#database.prepare("SELECT at FROM uses WHERE digest = ?").get(digest);
    return row === undefined ? undefined : Number(row["at"]);
  }

  /** The blob stays as it is; nobody needs to find that out again. */
  noteKept(digest: Digest, reason: string): void {
    this.#database.prepare("INSERT OR REPLACE INTO kept VALUES (?, ?)").run(digest, reason);
  }

  keptBecause(digest: Digest): string | undefined {
    const row = this.#database.prepare("SELECT reason FROM kept WHERE digest = ?").get(digest);
    return row === undefined ? undefined : String(row["reason"]);
  }

  /** Notes which chunks the blob has, as far as others are compared with it. */
  noteChunks(digest: Digest, chunks: ChunkList): void {
    const add = this.#database.prepare("INSERT OR IGNORE INTO samples VALUES (?, ?)");
    transact(this.#database, () => {
      for (const id of samplesOf(chunks)) add.run(chunkIdBytes(id), digest);
    });
  }

  knowsChunksOf(digest: Digest): boolean {
    const row = this.#database.prepare("SELECT 1 FROM samples WHERE digest = ? LIMIT 1");
    return row.get(digest) !== undefined;
  }

  /** @returns blobs that have chunks in common with these, the one that has most of them first; at most `limit`. */
  like(chunks: ChunkList, but: Digest, limit: number): readonly LikeBlob[] {
    const counts = new Map<string, number>();
    const find = this.#database.prepare("SELECT digest FROM samples WHERE id = ?");
    const samples = samplesOf(chunks);
    for (const id of samples) {
      for (const row of find.all(chunkIdBytes(id))) {
        const digest = String(row["digest"]);
        counts.set(digest, (counts.get(digest) ?? 0) + 1);
      }
    }
    counts.delete(but);
    const best = [...counts].toSorted(([, one], [, other]) => other - one).slice(0, limit);
    return best.flatMap(([digest, count]) =>
      isDigest(digest) ? [{ digest, share: count / samples.size }] : [],
    );
  }

  /** The blob is gone. */
  forget(digest: Digest): void {
    transact(this.#database, () => {
      for (const table of ["uses", "kept", "samples"]) {
        this.#database.prepare(`DELETE FROM ${table} WHERE digest = ?`).run(digest);
      }
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** Few of very many chunks, all of a handful. */
function samplesOf(chunks: ChunkList): ReadonlySet<ChunkId> {
  const isFew = chunks.length <= SAMPLED_BELOW * SAMPLED_BELOW;
  const samples = new Set<ChunkId>();
  for (let at = 0; at < chunks.length && samples.size < MOST_SAMPLES; at += 1) {
    const { id } = chunks.at(at);
    if (isFew || Number.parseInt(id.slice(0, 2), 16) < SAMPLED_BELOW) samples.add(id);
  }
  return samples;
}
