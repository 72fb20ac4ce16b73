/** That listings are kept, and never used when the directory may have changed since. */
import type { BigIntStats } from "node:fs";
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileSystem, realFileSystem } from "../../storage-drivers/filesystem/file-system.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { ListingCache } from "../../storage-drivers/filesystem/listing-cache.ts";
import { calm, names } from "../contracts/storage-subject.ts";

const HOUR_MS = 3_600_000;
const MS_PER_S = 1000;
const NS_PER_MS = 1_000_000n;

/** The real file system, but for the times of directories: they are what the test says. */
class DatedFileSystem {
  /** When each directory was changed last; the tests change it as the kernel would. */
  changedAtMs = Date.now() - HOUR_MS;
  /** What somebody says instead, for anybody may set that time. */
  modifiedAtMs: number | undefined;
  /** How often a directory was read. */
  reads = 0;
  /** Called while a directory is being read. */
  duringRead: () => Promise<void> = () => Promise.resolve();

  get fileSystem(): FileSystem {
    const real = realFileSystem();
    const readDirectory = async (...args: Parameters<typeof readdir>): Promise<unknown> => {
      this.reads += 1;
      const found = await readdir(...args);
      await this.duringRead();
      return found;
    };
    const look = async (path: string, options?: { readonly bigint: true }): Promise<unknown> => {
      if (options === undefined) return await stat(path);
      const stats: BigIntStats = await stat(path, options);
      const ctimeNs = BigInt(this.changedAtMs) * NS_PER_MS;
      const mtimeNs = BigInt(this.modifiedAtMs ?? this.changedAtMs) * NS_PER_MS;
      return Object.assign(stats, { mtimeNs, ctimeNs });
    };
    return { ...real, readdir: readDirectory, stat: look } as FileSystem;
  }
}

let resources: AsyncDisposableStack;
let folder: string;
let dated: DatedFileSystem;
let driver: FilesystemDriver;
const COUNT = 100;
const ALL = Array.from({ length: COUNT }, (_, index) => `f${String(index).padStart(3, "0")}/`);

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  folder = join(root, "p");
  for (const name of ALL) await mkdir(join(folder, name), { recursive: true });
  dated = new DatedFileSystem();
  const settings = { rootDirectory: root, maxThreads: 25 };
  driver = await FilesystemDriver.open(settings, dated.fileSystem);
});
afterEach(() => resources.disposeAsync());

const listed = (): Promise<readonly string[]> => names(driver.list("p", calm()));
const addOne = (): Promise<unknown> => mkdir(join(folder, "new"));
const WITH_NEW = [...ALL, "new/"];

describe("a directory whose last change is long past", () => {
  it("is read once for all its pages", async () => {
    for (const after of ["", "f049/", "f098/"]) {
      const behind = ALL.filter((name) => name > after);
      expect(await names(driver.list("p", { ...calm(), after }))).toEqual(behind);
    }
    expect(dated.reads).toBe(1);
  });

  it("is read again once it has changed", async () => {
    expect(await listed()).toEqual(ALL);
    await addOne();
    dated.changedAtMs += 1;
    expect(await listed()).toEqual(WITH_NEW);
    await rmdir(join(folder, "new"));
    dated.changedAtMs += 1;
    expect(await listed()).toEqual(ALL);
    expect(dated.reads).toBe(3);
  });

  it("is read again once it has changed under a time that was set", async () => {
    dated.modifiedAtMs = dated.changedAtMs - 1;
    expect(await listed()).toEqual(ALL);
    await addOne();
    dated.changedAtMs += 1;
    expect(await listed()).toEqual(WITH_NEW);
  });

  it("is read again when it is another one with the same times", async () => {
    expect(await listed()).toEqual(ALL);
    await rename(folder, `${folder}-old`);
    await mkdir(join(folder, "only"), { recursive: true });
    expect(await listed()).toEqual(["only/"]);
  });

  it("is gone when it is gone", async () => {
    expect(await listed()).toEqual(ALL);
    await rm(folder, { recursive: true });
    expect(await listed()).toEqual([]);
    await mkdir(join(folder, "only"), { recursive: true });
    expect(await listed()).toEqual(["only/"]);
  });
});

describe("a directory that may change again without getting another time", () => {
  it.each([
    { what: "changed just now", changedAtMs: () => Date.now() },
    { what: "changed in the future, by a clock that was set back", changedAtMs: inAnHour },
    { what: "changed this second, where times are whole seconds", changedAtMs: lastWholeSecond },
  ])("is read for each list: $what", async ({ changedAtMs }) => {
    dated.changedAtMs = changedAtMs();
    expect(await listed()).toEqual(ALL);
    await addOne();
    expect(await listed()).toEqual(WITH_NEW);
    await rename(join(folder, "new"), join(folder, "newer"));
    expect(await listed()).toEqual([...ALL, "newer/"]);
    expect(dated.reads).toBe(3);
  });

  it("is read again when it has changed while it was read", async () => {
    dated.duringRead = async () => {
      dated.duringRead = () => Promise.resolve();
      await addOne();
      dated.changedAtMs += 1;
    };
    expect(await listed()).toEqual(ALL);
    expect(await listed()).toEqual(WITH_NEW);
    expect(dated.reads).toBe(2);
  });
});

describe("lists at the same time", () => {
  it("share a read that begins after they were asked for, and no other", async () => {
    const order: string[] = [];
    let later: readonly Promise<unknown>[] = [];
    dated.duringRead = async () => {
      order.push("read");
      if (dated.reads > 1) return;
      await addOne();
      const expectNew = async (): Promise<void> => {
        expect(await listed()).toEqual(WITH_NEW);
        order.push("later");
      };
      later = [expectNew(), expectNew(), expectNew()];
    };
    dated.changedAtMs = Date.now() + HOUR_MS;
    expect(await listed()).toEqual(ALL);
    await Promise.all(later);
    expect(order).toEqual(["read", "read", "later", "later", "later"]);
  });

  it("go on after a read has failed", async () => {
    dated.duringRead = async () => {
      dated.duringRead = () => Promise.resolve();
      throw Object.assign(new Error("planted by the test"), { code: "EIO" });
    };
    const both = await Promise.allSettled([listed(), listed()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(await listed()).toEqual(ALL);
  });
});

describe("a symbolic link in a kept listing", () => {
  it("is a prefix as long as it leads to a directory", async () => {
    const [target, link] = [join(folder, "..", "target"), join(folder, "link")];
    await symlink(target, link);
    expect(await listed()).toEqual(ALL);
    await mkdir(target);
    expect(await listed()).toEqual([...ALL, "link/"]);
    expect(await names(driver.list("p", { ...calm(), after: "link/" }))).toEqual([]);
    await rmdir(target);
    await writeFile(target, "a file");
    expect(await listed()).toEqual(ALL);
    expect(dated.reads).toBe(1);
  });

  it("leads to another directory at once", async () => {
    const linked = join(folder, "..", "linked");
    await symlink(folder, linked);
    const throughLink = (): Promise<readonly string[]> => names(driver.list("linked", calm()));
    expect(await throughLink()).toEqual(ALL);
    await unlink(linked);
    await symlink(join(folder, ".."), linked);
    expect(await throughLink()).toEqual(["linked/", "p/"]);
  });
});

describe("ListingCache", () => {
  const parts = () => ({ files: dated.fileSystem, pathOf: (key: string) => join(folder, key) });
  const fill = async (name: string): Promise<void> => {
    for (const child of ALL) await mkdir(join(folder, name, child), { recursive: true });
  };

  it("forgets what was used longest ago when it is full", async () => {
    for (const name of ["a", "b", "c"]) await fill(name);
    const { sizeBytes } = await new ListingCache(parts()).of("a");
    const cache = new ListingCache(parts(), 2 * sizeBytes);
    for (const name of ["a", "b", "a", "c"]) await cache.of(name);
    dated.reads = 0;
    for (const name of ["c", "a"]) await cache.of(name);
    expect(dated.reads).toBe(0);
    await cache.of("b");
    expect(dated.reads).toBe(1);
  });

  it("keeps nothing that is larger than all of it may be", async () => {
    await fill("a");
    const { sizeBytes } = await new ListingCache(parts()).of("a");
    const cache = new ListingCache(parts(), sizeBytes - 1);
    dated.reads = 0;
    for (let count = 0; count < 3; count += 1) expect((await cache.of("a")).length).toBe(COUNT);
    expect(dated.reads).toBe(3);
  });

  it("reads a directory of very many entries in another way, to the same end", async () => {
    const many = Array.from({ length: 5000 }, (_, index) => `object-with-a-long-name-${index}`);
    await mkdir(join(folder, "many"));
    for (const name of many) await writeFile(join(folder, "many", name), "");
    await mkdir(join(folder, "many", "b"));
    await symlink(folder, join(folder, "many", "c"));
    const listing = await new ListingCache(parts()).of("many");
    const found = [...listing.behind(undefined)];
    expect(found.slice(0, 2)).toEqual([
      { kind: "prefix", name: "b" },
      { kind: "link", name: "c" },
    ]);
    expect(found.slice(2).map(({ name }) => name)).toEqual(many.toSorted());
    expect([...listing.behind("object-with-a-long-name-998")]).toEqual([
      { kind: "object", name: "object-with-a-long-name-999" },
    ]);
    expect(dated.reads).toBe(0);
  });
});

describe("with the times of the real kernel", () => {
  it("every change of another writer is seen at once, also when it hides its time", async () => {
    const root = join(folder, "..");
    const real = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 });
    const seen = (): Promise<readonly string[]> => names(real.list("p", calm()));
    const { mtime, atime } = await stat(folder);
    for (let turn = 0; turn < 100; turn += 1) {
      await mkdir(join(folder, "new"));
      expect(await seen()).toEqual(WITH_NEW);
      await rename(join(folder, "new"), join(folder, "newer"));
      await utimes(folder, atime, mtime);
      expect(await seen()).toEqual([...ALL, "newer/"]);
      await rmdir(join(folder, "newer"));
      expect(await seen()).toEqual(ALL);
    }
  });
});

function inAnHour(): number {
  return Date.now() + HOUR_MS;
}

function lastWholeSecond(): number {
  return Math.floor(Date.now() / MS_PER_S) * MS_PER_S - MS_PER_S;
}
