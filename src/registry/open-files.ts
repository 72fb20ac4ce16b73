/**
 * Files that are sent again and again stay open for a while: opening, looking at and closing one in
 * other threads costs more than many an answer.
 */
import { type BigIntStats, lstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

export interface OpenFilesOptions {
  /** How many that nobody uses are kept open at most. */
  readonly maxIdle: number;
  /** After that time without use a file is closed, at the latest after twice that: its space on the disk is then free if it was deleted. */
  readonly idleMs: number;
}

/** An open file, for as long as it is not disposed of. Reading must name the place: others read it as well. */
export interface LentFile extends Disposable {
  readonly handle: FileHandle;
  /** As it was when it was opened. */
  readonly stats: BigIntStats;
}

/** A file that somebody has just opened. */
export type OpenedFile = Omit<LentFile, typeof Symbol.dispose>;

interface Entry extends OpenedFile {
  readonly path: string;
  users: number;
  /** Since when nobody uses it. */
  idleSinceMs: number;
}

export class OpenFiles {
  readonly #options: OpenFilesOptions;
  /** By path, the one that was used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OpenFilesOptions) {
    this.#options = options;
  }

  /**
   * Lends the file that has this path now. One that has been deleted or replaced since it was opened
   * is never lent again.
   * @param open opens it when it is not open yet, and throws when it is not as it should be.
   */
  async borrow(path: string, open: () => Promise<OpenedFile>): Promise<LentFile> {
    const known = this.#find(path);
    if (known !== undefined) return this.#lend(known);
    const opened = await open();
    const entry = { ...opened, path, users: 0, idleSinceMs: 0 };
    // Somebody else may have been quicker: then this one is closed after use.
    if (!this.#entries.has(path)) this.#entries.set(path, entry);
    return this.#lend(entry);
  }

  /** An open file whose path still leads to it. What is open is in memory, so that the look waits for no disk. */
  #find(path: string): Entry | undefined {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    if (isSame(entry.stats, look(path))) return entry;
    this.#entries.delete(path);
    if (entry.users === 0) close(entry);
    return undefined;
  }

  #lend(entry: Entry): LentFile {
    entry.users += 1;
    let isReturned = false;
    const { handle, stats } = entry;
    return {
      handle,
      stats,
      [Symbol.dispose]: () => {
        if (!isReturned) this.#takeBack(entry);
        isReturned = true;
      },
    };
  }

  #takeBack(entry: Entry): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (this.#entries.get(entry.path) !== entry) return close(entry);
    entry.idleSinceMs = performance.now();
    this.#entries.delete(entry.path);
    this.#entries.set(entry.path, entry);
    this.#closeSurplus();
    if (this.#timer === undefined) this.#closeIdleLater();
  }

  #closeSurplus(): void {
    const { maxIdle } = this.#options;
    if (this.#entries.size <= maxIdle) return;
    const idle = this.#idle();
    for (const entry of idle.slice(0, Math.max(0, idle.length - maxIdle))) this.#drop(entry);
  }

  #closeIdle(): void {
    this.#timer = undefined;
    const { idleMs } = this.#options;
    const now = performance.now();
    for (const entry of this.#idle()) if (now - entry.idleSinceMs >= idleMs) this.#drop(entry);
    if (this.#idle().length > 0) this.#closeIdleLater();
  }

  #closeIdleLater(): void {
    this.#timer = setTimeout(() => this.#closeIdle(), this.#options.idleMs).unref();
  }

  #idle(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ users }) => users === 0);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.path);
    close(entry);
  }
}

/** Never throws: whatever is wrong is told to whom opens it. */
function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** As long as a file is open, no other one can have its number. */
function isSame(opened: BigIntStats, found: BigIntStats | undefined): boolean {
  return found?.ino === opened.ino && found.dev === opened.dev && found.size === opened.size;
}

function close({ handle }: Entry): void {
  // Nothing was written, so that no failure can tell anything.
  void handle.close().catch(() => undefined);
}
