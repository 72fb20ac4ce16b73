import { constants } from "node:fs";
import { dirname, sep } from "node:path";
import { Slots } from "../../src/lib/slots.ts";
import { absentAsUndefined, errnoOf, isAbsence } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";

/** As many as can wait for the disk without keeping every thread of the pool from other work. */
const CONCURRENT_SYNCS = 8;
const ATTEMPTS = 4;

export interface MakeOptions {
  /**
   * A power cut may take the directory, but none of those above: other processes see them and rely on
   * them. Nobody makes up for it later, so nothing durable may be put there.
   */
  readonly isVolatile?: boolean | undefined;
}

/**
 * Directories whose entries survive a power cut.
 *
 * A new file is safe when its own bytes, its entry in its directory and every new directory above
 * have been synced. Somebody else may be making one of those directories at the same time: then their
 * sync is waited for.
 */
export class Directories {
  readonly #files: FileSystem;
  readonly #making = new Map<string, Promise<void>>();
  /**
   * Being made, or still there after a failed sync, and so not known to survive a power cut: whoever
   * puts something durable below sees to it. Never what is volatile.
   */
  readonly #unsynced = new Set<string>();
  readonly #syncs = new Slots(CONCURRENT_SYNCS);

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** Syncs an open file. A failure is final: what was written may be lost whatever is tried next. */
  async syncFile(file: { sync(): Promise<void> }): Promise<void> {
    using _slot = await this.#syncs.take(new AbortController().signal);
    await file.sync();
  }

  /** Makes the entries of a directory durable. */
  async sync(path: string): Promise<void> {
    await using directory = await this.#files.open(
      path,
      constants.O_RDONLY | constants.O_DIRECTORY,
    );
    try {
      await this.syncFile(directory);
    } catch (error) {
      if (errnoOf(error) !== "EINVAL") throw error; // this filesystem has no such operation
    }
  }

  /** Makes a directory, durably unless told, and durably those above it. One that is there already is fine. */
  async make(path: string, { isVolatile = false }: MakeOptions = {}): Promise<void> {
    if (isVolatile) return await this.#make(path, { isVolatile });
    const running = this.#making.get(path);
    if (running !== undefined) return await running;
    const making = this.#make(path, {}).finally(() => this.#making.delete(path));
    this.#making.set(path, making);
    return await making;
  }

  async #make(path: string, { isVolatile = false }: MakeOptions): Promise<void> {
    const parent = dirname(path);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#files.mkdir(path).catch(presentAsUndefined);
        if (!isVolatile) await this.#syncEntry(path);
        return;
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" || parent === path || attempt === ATTEMPTS) throw error;
        await this.make(parent);
      }
    }
  }

  /**
   * Makes a new directory durable, also one that another process has made this moment. When that fails
   * it is taken away again, for whoever finds a directory takes it for durable.
   */
  async #syncEntry(path: string): Promise<void> {
    this.#unsynced.add(path);
    try {
      await this.sync(dirname(path));
    } catch (error) {
      if (await this.#isTakenAway(path)) this.#unsynced.delete(path);
      throw error;
    }
    this.#unsynced.delete(path);
  }

  /** Not when something lies in it already. */
  async #isTakenAway(path: string): Promise<boolean> {
    try {
      await this.#files.rmdir(path);
      return true;
    } catch (error) {
      return isAbsence(error);
    }
  }

  /** Tells that a directory and all below it is gone. */
  forget(path: string): void {
    for (const made of this.#unsynced) {
      const isGone = made === path || made.startsWith(`${path}${sep}`);
      if (isGone && !this.#making.has(made)) this.#unsynced.delete(made);
    }
  }

  /** Makes sure of the directories above a file that others made, or are still making. */
  async settled(path: string): Promise<void> {
    if (this.#unsynced.size === 0) return;
    const parent = dirname(path);
    if (parent === path) return;
    if (this.#unsynced.has(parent)) await this.#settle(parent);
    await this.settled(parent);
  }

  async #settle(path: string): Promise<void> {
    await this.#making.get(path);
    if (!this.#unsynced.has(path)) return;
    await this.sync(dirname(path)).catch(absentAsUndefined);
    this.#unsynced.delete(path);
  }

  /**
   * Runs `task`, which puts something into the directory; where that is missing it is made and the
   * task runs again. Deleting a tree at the same time may take it away more than once.
   */
  async within<Result>(
    path: string,
    task: () => Promise<Result>,
    options: MakeOptions = {},
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await task();
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
        await this.make(path, options);
      }
    }
  }

  /** Removes a file, durably. @returns whether there was one. */
  async unlink(path: string): Promise<boolean> {
    try {
      await this.#files.unlink(path);
    } catch (error) {
      if (isAbsence(error)) return false;
      throw error;
    }
    await this.sync(dirname(path));
    return true;
  }
}

/** For `catch`, of making a directory. */
function presentAsUndefined(error: unknown): undefined {
  if (errnoOf(error) !== "EEXIST") throw error;
}
