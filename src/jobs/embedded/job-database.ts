/**
 * One connection to the file of a queue: opens it, brings it up to date, runs transactions, and turns
 * SQLite's errors into the port's.
 *
 * Calls into SQLite stop the process while they last, so transactions are short, and a file that others
 * are writing to is waited for outside SQLite.
 */
import { open } from "node:fs/promises";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../../lib/clock.ts";
import { sqliteCodeOf } from "../../lib/sqlite-code.ts";
import { JobQueueClosed, JobStoreCorrupt, JobStoreTooNew, JobStoreUnavailable } from "../errors.ts";
import type { CallOptions } from "../job-queue.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";
import { integerOf, UnreadableRow } from "./row.ts";

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_PROTOCOL = 15;
const SQLITE_NOTADB = 26;
const BUSY: ReadonlySet<number> = new Set([SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL]);
const DAMAGED: ReadonlySet<number> = new Set([SQLITE_CORRUPT, SQLITE_NOTADB]);

/** Blocks the process for so long at most while another one writes. */
const CONTENTION_MS = 50;
const FIRST_BUSY_DELAY_MS = 5;
const LAST_BUSY_DELAY_MS = 4000;
const PAGE_BYTES = 4096;
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const CACHE_KIB = 16 * 1024;

interface OpenOptions extends CallOptions {
  readonly clock: Clock;
}

export class JobDatabase implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
  }

  /**
   * Makes the file (mode 0600) where there is none; its folder must be there, on a disk of this machine.
   * @throws {JobStoreCorrupt} {JobStoreTooNew} {JobStoreUnavailable}
   */
  static async open(path: string, { clock, signal }: OpenOptions): Promise<JobDatabase> {
    await createFile(path);
    return patiently({ path, clock, signal }, () => {
      const database = new DatabaseSync(path, { timeout: CONTENTION_MS });
      try {
        prepareFile(path, database);
        return new JobDatabase(path, clock, database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** A statement, compiled once. Only inside of {@link read} and {@link write}. */
  sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** Runs a task whose statements need not agree with each other. */
  read<Result>(task: () => Result, { signal }: CallOptions): Promise<Result> {
    return patiently({ path: this.#path, clock: this.#clock, signal }, task);
  }

  /** Runs a task as one transaction, alone; nothing is written when it throws. */
  write<Result>(task: () => Result, { signal }: CallOptions): Promise<Result> {
    return patiently({ path: this.#path, clock: this.#clock, signal }, () =>
      transaction(this.#database, task),
    );
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }
}

async function createFile(path: string): Promise<void> {
  try {
    await using _file = await open(path, "a", 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JobStoreUnavailable(path, { cause, reason });
  }
}

function prepareFile(path: string, database: DatabaseSync): void {
  if (!isEmpty(database)) requireOurs(path, database);
  // With a log that is synced at checkpoints only: a power cut may undo the last commits, in order.
  database.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_mode = WAL;
    PRAGMA wal_autocheckpoint = ${MAX_LOG_BYTES / PAGE_BYTES};
    PRAGMA journal_size_limit = ${MAX_LOG_BYTES};
    PRAGMA cache_size = ${-CACHE_KIB};
  `);
  if (pragma(database, "user_version") < MIGRATIONS.length) migrate(path, database);
}

function isEmpty(database: DatabaseSync): boolean {
  const row = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  return integerOf(row, "tables") === 0 && pragma(database, "user_version") === 0;
}

function requireOurs(path: string, database: DatabaseSync): void {
  if (pragma(database, "application_id") !== APPLICATION_ID) throw new JobStoreCorrupt(path);
  const version = pragma(database, "user_version");
  if (version > MIGRATIONS.length) {
    throw new JobStoreTooNew(path, { version, known: MIGRATIONS.length });
  }
}

/** Another process may have done the same since the version was read. */
function migrate(path: string, database: DatabaseSync): void {
  transaction(database, () => {
    if (!isEmpty(database)) requireOurs(path, database);
    const version = pragma(database, "user_version");
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${MIGRATIONS.length};
    `);
  });
}

function pragma(database: DatabaseSync, name: "user_version" | "application_id"): number {
  return integerOf(database.prepare(`PRAGMA ${name}`).get(), name);
}

function transaction<Result>(database: DatabaseSync, task: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = task();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

interface Patience extends OpenOptions {
  readonly path: string;
}

/** Tries again while others have the file, for some eight seconds. */
async function patiently<Result>(patience: Patience, task: () => Result): Promise<Result> {
  const { path, clock, signal } = patience;
  for (let delayMs = FIRST_BUSY_DELAY_MS; ; delayMs *= 2) {
    signal.throwIfAborted();
    try {
      return task();
    } catch (error) {
      const isBusy = BUSY.has(sqliteCodeOf(error));
      if (!isBusy || delayMs > LAST_BUSY_DELAY_MS) throw translated(path, error);
    }
    await clock.delay(delayMs, { signal });
  }
}

/** What SQLite has to say against a statement (code 1) is a bug of ours and stays as it is. */
function translated(path: string, error: unknown): unknown {
  if (isClosed(error)) return new JobQueueClosed();
  const code = sqliteCodeOf(error);
  if (error instanceof UnreadableRow || DAMAGED.has(code)) {
    return new JobStoreCorrupt(path, { cause: error });
  }
  if (code <= 1 || !(error instanceof Error)) return error;
  return new JobStoreUnavailable(path, { cause: error, reason: error.message });
}

/** Whoever waited for a busy file finds it closed. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_STATE";
}
