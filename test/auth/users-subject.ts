/** Users of a file in a folder of their own, with real threads and a clock that stands. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { entryUrl } from "../../src/app/entries.ts";
import { type HtpasswdUsers, openHtpasswdUsers } from "../../src/auth/passwords/htpasswd-users.ts";
import {
  type PasswordHashing,
  PasswordPool,
  type VerifyOptions,
} from "../../src/auth/passwords/password-pool.ts";
import type { LogLevel } from "../../src/observability/logger.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

interface Asked extends VerifyOptions {
  readonly password: string;
  readonly hash: string;
}

/** The real one, that notes what it is asked and can be held up. Its own hashes cost as little as can be. */
export class WatchedPool implements PasswordHashing {
  readonly asked: Asked[] = [];
  gate: Promise<void> | undefined;
  readonly #pool: PasswordHashing;

  constructor(pool: PasswordHashing) {
    this.#pool = pool;
  }

  async verify(password: string, hash: string, options?: VerifyOptions): Promise<boolean> {
    this.asked.push({ password, hash, ...options });
    await this.gate;
    return await this.#pool.verify(password, hash, options);
  }

  async hash(password: string): Promise<string> {
    return await this.#pool.hash(password, 4);
  }
}

export class UsersSubject implements AsyncDisposable {
  readonly folder: string;
  readonly pool: WatchedPool;
  readonly log = new RecordingLogger();
  /** Compared with the times of files. */
  readonly clock = new FakeClock(new Date());
  readonly #resources: AsyncDisposableStack;

  constructor(folder: string, pool: PasswordPool, resources: AsyncDisposableStack) {
    this.folder = folder;
    this.pool = new WatchedPool(pool);
    this.#resources = resources;
  }

  static async open(): Promise<UsersSubject> {
    const resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-users-"))).path;
    const threadUrl = entryUrl("password-thread");
    const pool = resources.use(new PasswordPool({ threadUrl, maxThreads: 1, maxWaiting: 1000 }));
    return new UsersSubject(folder, pool, resources);
  }

  get path(): string {
    return join(this.folder, "htpasswd");
  }

  /** @param text what the file is to hold; `undefined`: it is left as it is. */
  async users(text: string | undefined, { provision = false } = {}): Promise<HtpasswdUsers> {
    if (text !== undefined) await writeFile(this.path, text);
    const { path, pool, log, clock } = this;
    return await openHtpasswdUsers({ path, pool, log, provision, clock });
  }

  async change(text: string): Promise<void> {
    await writeFile(this.path, text);
    await nextTurn();
  }

  messages(level: LogLevel): readonly string[] {
    return this.log.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
