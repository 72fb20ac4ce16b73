/** Files of SQLite that hold nothing that could not be found out again. */
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqliteCodeOf } from "./sqlite-code.ts";

const CONTENTION_MS = 5000;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const DAMAGED: ReadonlySet<number> = new Set([SQLITE_CORRUPT, SQLITE_NOTADB]);

/** What is in a file. */
export interface SqliteSchema {
  /** SQLite's mark of whose file it is, 32 bits. */
  readonly applicationId: number;
  /** A file of another version is made anew. */
  readonly version: number;
  /** Makes the tables. */
  readonly tables: string;
}

/**
 * Opens a cache, which several threads and processes may have open at once. A file that is damaged, or of another
 * version, is thrown away and made anew.
 * @throws {Error} of SQLite, when it cannot be made.
 */
export function openSqliteCache(path: string, schema: SqliteSchema): DatabaseSync {
  const database = openFile(path, schema);
  if (database !== undefined) return database;
  removeSqliteCache(path);
  const anew = openFile(path, schema);
  if (anew === undefined) throw new Error(`${path} is not the file that was just made`);
  return anew;
}

/** Whoever has it open goes on with a file that nobody else sees. */
export function removeSqliteCache(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}

/** Whether the error says that a file is not, or no more, what SQLite wrote. */
export function isDamagedFile(error: unknown): boolean {
  return DAMAGED.has(sqliteCodeOf(error));
}

/** All of the change, or nothing of it. */
export function transact(database: DatabaseSync, change: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    change();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** @returns `undefined` for a file that holds something else. */
function openFile(
  path: string,
  { applicationId, version, tables }: SqliteSchema,
): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: CONTENTION_MS });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    transact(database, () => {
      // Another process may have made the file, and not what is to be in it.
      if (numberOf(database, "SELECT count(*) FROM sqlite_schema") > 0) return;
      database.exec(
        `${tables}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`,
      );
    });
    const isKnown =
      numberOf(database, "PRAGMA application_id") === applicationId &&
      numberOf(database, "PRAGMA user_version") === version;
    if (isKnown) return database;
  } catch (error) {
    database.close();
    if (isDamagedFile(error)) return undefined;
    throw error;
  }
  database.close();
  return undefined;
}

function numberOf(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}
