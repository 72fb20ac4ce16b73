import { statSync } from "node:fs";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { openSqliteCache, transact } from "../../lib/sqlite-cache.ts";
import { type ChunkId, chunkIdBytes } from "../chunk-id.ts";
import type { PlacedFrame } from "../packs/pack-directory.ts";

/** `BCIX`. */
const APPLICATION_ID = 0x42434958;
const VERSION = 1;
const TABLES = `
  CREATE TABLE packs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL);
  CREATE TABLE frames (
    pack INTEGER NOT NULL, frame INTEGER NOT NULL,
    at INTEGER NOT NULL, bytes INTEGER NOT NULL, depth INTEGER NOT NULL,
    PRIMARY KEY (pack, frame)
  ) WITHOUT ROWID;
  CREATE TABLE chunks (
    id BLOB NOT NULL, pack INTEGER NOT NULL, frame INTEGER NOT NULL, slot INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (id, pack, frame, slot)
  ) WITHOUT ROWID;
`;

const FIND = `
  SELECT packs.name, frames.at, frames.bytes AS frameBytes, frames.depth, chunks.slot, chunks.bytes
  FROM chunks JOIN packs ON packs.id = chunks.pack
  JOIN frames ON frames.pack = chunks.pack AND frames.frame = chunks.frame
  WHERE chunks.id = ? ORDER BY frames.depth
`;
const HAS = "SELECT 1 FROM chunks WHERE id = ? LIMIT 1";

/** Where a chunk lies. */
export interface ChunkPlace {
  readonly pack: string;
  /** Of its frame, in the pack. */
  readonly at: number;
  readonly frameBytes: number;
  readonly depth: number;
  /** Which of the frame's chunks it is, from 0. */
  readonly slot: number;
  readonly sizeBytes: number;
}

/** A pack that the index knows. */
export interface KnownPack {
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * Which chunk is in which pack: a file of SQLite, which several threads and processes may have open.
 *
 * It is a cache. All that is in it stands in the packs' directories, so a file that is damaged, or of another
 * version, is thrown away and begun anew; its owner then adds the packs that are there.
 */
export class ChunkIndex implements Disposable {
  readonly #path: string;
  /** Tells the file that is open from others. */
  readonly #inode: number | undefined;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #has: StatementSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#inode = inodeOf(path);
    this.#database = database;
    this.#find = database.prepare(FIND);
    this.#has = database.prepare(HAS);
  }

  /** @param path of its file; made where there is none. @throws {Error} of SQLite, when it cannot be made. */
  static open(path: string): ChunkIndex {
    const schema = { applicationId: APPLICATION_ID, version: VERSION, tables: TABLES };
    return new ChunkIndex(path, openSqliteCache(path, schema));
  }

  /** Whether the file that is open is no longer there: whoever took it for lost or damaged begins another one. */
  get isReplaced(): boolean {
    return inodeOf(this.#path) !== this.#inode;
  }

  /** All packs, by name. */
  get packs(): readonly KnownPack[] {
    const rows = this.#database.prepare("SELECT name, bytes FROM packs ORDER BY name").all();
    return rows.map(({ name, bytes }) => ({ name: String(name), sizeBytes: Number(bytes) }));
  }

  /** How many chunks there are, those that are in several packs counted once. */
  get chunks(): number {
    const row = this.#database.prepare("SELECT count(DISTINCT id) AS chunks FROM chunks").get();
    return Number(row?.["chunks"] ?? 0);
  }

  /** Takes up a pack that is there for all to read. One that is known stays as it is. */
  addPack(pack: KnownPack, frames: readonly PlacedFrame[]): void {
    transact(this.#database, () => {
      const { changes, lastInsertRowid } = this.#database
        .prepare("INSERT OR IGNORE INTO packs (name, bytes) VALUES (?, ?)")
        .run(pack.name, pack.sizeBytes);
      if (Number(changes) > 0) this.#addFrames(Number(lastInsertRowid), frames);
    });
  }

  /** Forgets a pack that is there no more. */
  removePack(name: string): void {
    transact(this.#database, () => {
      const row = this.#database.prepare("SELECT id FROM packs WHERE name = ?").get(name);
      if (row === undefined) return;
      const id = Number(row["id"]);
      for (const table of ["chunks", "frames"]) {
        this.#database.prepare(`DELETE FROM ${table} WHERE pack = ?`).run(id);
      }
      this.#database.prepare("DELETE FROM packs WHERE id = ?").run(id);
    });
  }

  /** Forgets a frame that is damaged, with its chunks. @param at where it begins in the pack */
  removeFrame(pack: string, at: number): void {
    transact(this.#database, () => {
      const row = this.#database
        .prepare(
          "SELECT pack, frame FROM frames JOIN packs ON packs.id = frames.pack WHERE name = ? AND at = ?",
        )
        .get(pack, at);
      if (row === undefined) return;
      for (const table of ["chunks", "frames"]) {
        this.#database
          .prepare(`DELETE FROM ${table} WHERE pack = ? AND frame = ?`)
          .run(Number(row["pack"]), Number(row["frame"]));
      }
    });
  }

  /** @returns all places of the chunk, the one that is fastest to read first; none when no pack has it. */
  places(id: ChunkId): readonly ChunkPlace[] {
    return this.#find.all(chunkIdBytes(id)).map(placeOf);
  }

  has(id: ChunkId): boolean {
    return this.#has.get(chunkIdBytes(id)) !== undefined;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #addFrames(pack: number, frames: readonly PlacedFrame[]): void {
    const addFrame = this.#database.prepare("INSERT INTO frames VALUES (?, ?, ?, ?, ?)");
    const addChunk = this.#database.prepare("INSERT INTO chunks VALUES (?, ?, ?, ?, ?)");
    for (const [index, { at, sizeBytes, depth, chunks }] of frames.entries()) {
      addFrame.run(pack, index, at, sizeBytes, depth);
      for (const [slot, chunk] of chunks.entries()) {
        addChunk.run(chunkIdBytes(chunk.id), pack, index, slot, chunk.sizeBytes);
      }
    }
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function placeOf(row: Record<string, SQLOutputValue>): ChunkPlace {
  return {
    pack: String(row["name"]),
    at: Number(row["at"]),
    frameBytes: Number(row["frameBytes"]),
    depth: Number(row["depth"]),
    slot: Number(row["slot"]),
    sizeBytes: Number(row["bytes"]),
  };
}
