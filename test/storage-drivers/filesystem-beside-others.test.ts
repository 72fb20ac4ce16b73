import { Buffer } from "node:buffer";
import { mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks, text } from "../contracts/storage-subject.ts";
import { RecordingFileSystem, systemError } from "./recording-file-system.ts";

const X = Buffer.from("x");
const STARTED = "repositories/foo/_uploads/1/startedat";
const STAGED = "repositories/foo/_uploads/1/data";
const LINK = "repositories/foo/_layers/abc/link";
const BLOB = "b/ab/data";

let resources: AsyncDisposableStack;
let root: string;
/** Of both, so that the order of their calls is told. */
let disk: RecordingFileSystem;
let driver: FilesystemDriver;
/** As another process on the same store. */
let other: FilesystemDriver;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  disk = new RecordingFileSystem(root);
  const settings = { rootDirectory: root, maxThreads: 25 };
  driver = await FilesystemDriver.open(settings, disk.fileSystem);
  other = await FilesystemDriver.open(settings, disk.fileSystem);
  disk.reset();
});
afterEach(() => resources.disposeAsync());

/** Directories above `key` that were made and whose entry no later call has synced. */
function atRiskAbove(key: string): readonly string[] {
  const atRisk: string[] = [];
  for (let path = dirname(key); path !== "."; path = dirname(path)) {
    const made = disk.calls.lastIndexOf(`mkdir ${path}`);
    const synced = disk.calls.lastIndexOf(`sync ${dirname(path)}`);
    if (made > synced) atRisk.push(path);
  }
  return atRisk;
}

function syncs(): readonly string[] {
  return disk.calls.filter((call) => call.startsWith("sync"));
}

async function stage(content: string): Promise<StagedInfo> {
  const at = await driver.staging.create(STAGED, calm());
  return driver.staging.append(STAGED, chunks(content), { ...calm(), at });
}

/** Lets a sync of `t` fail after somebody has put a file into `t/a`, which therefore stays. */
async function leaveUnsyncedDirectory(): Promise<void> {
  await driver.write("t/x", X, calm());
  disk.before = async (call) => {
    if (call !== "sync t") return;
    await writeFile(join(root, "t/a/theirs"), "");
    throw systemError("EIO");
  };
  await expect(driver.write("t/a/x", X, calm())).rejects.toMatchObject({ reason: "EIO" });
  disk.reset();
}

describe("FilesystemDriver beside another process that makes directories", () => {
  it.each([
    { name: "write() of what is volatile", begin: () => writeVolatile() },
    { name: "staging.create()", begin: () => driver.staging.create(STAGED, calm()) },
  ])("$name leaves nothing undone above its own folder", async ({ begin }) => {
    await begin();
    expect(atRiskAbove(STARTED)).toEqual(["repositories/foo/_uploads/1"]);
    await other.write(LINK, X, calm());
    expect(atRiskAbove(LINK)).toEqual([]);
  });

  it("syncs nothing for what is volatile where a repository is there", async () => {
    await writeVolatile();
    disk.reset();
    await driver.write("repositories/foo/_uploads/2/startedat", X, volatile());
    await driver.staging.create("repositories/foo/_uploads/2/data", calm());
    expect(syncs()).toEqual([]);
  });

  it("syncs the entry of a directory that the other one has made this moment", async () => {
    disk.before = async (call) => {
      if (call !== "mkdir t") return;
      disk.before = () => undefined;
      await resources.use(await openAside()).write("t/theirs", X, calm());
    };
    await driver.write("t/x", X, calm());
    expect(syncs()).toEqual(["sync .", "sync t/x.*.tmp", "sync t"]);
  });

  it("looks no further than a root that is there, for what is above may be closed to it", async () => {
    await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 }, disk.fileSystem);
    expect(disk.calls).toEqual([]);
  });

  it("takes a directory away whose sync failed, and the other one makes it anew", async () => {
    await driver.write("t/x", X, calm());
    disk.fail(/^sync t$/, "EIO");
    await expect(driver.write("t/a/x", X, calm())).rejects.toMatchObject({ reason: "EIO" });
    expect(await readdir(join(root, "t"))).toEqual(["x"]);
    disk.reset();
    await other.write("t/a/x", X, calm());
    expect(disk.calls).toContain("mkdir t/a");
    expect(atRiskAbove("t/a/x")).toEqual([]);
  });
});

describe("FilesystemDriver remembers directories that may be lost", () => {
  it("while they are there: the next writer syncs them, once", async () => {
    await leaveUnsyncedDirectory();
    await driver.write("t/a/y", X, calm());
    expect(syncs()).toEqual(["sync t/a/y.*.tmp", "sync t/a", "sync t"]);
    disk.reset();
    await driver.write("t/a/z", X, calm());
    expect(syncs()).toEqual(["sync t/a/z.*.tmp", "sync t/a"]);
  });

  it("not when they or what they lay in were deleted", async () => {
    for (const deleted of ["t", "t/a"]) {
      await leaveUnsyncedDirectory();
      await driver.deleteTree(deleted, calm());
      await other.write("t/a/theirs", X, calm());
      disk.reset();
      await driver.write("t/a/y", X, calm());
      expect(syncs()).toEqual(["sync t/a/y.*.tmp", "sync t/a"]);
      await driver.deleteTree("t", calm());
    }
  });

  it("not when they were not there any more to be taken away", async () => {
    await driver.write("t/x", X, calm());
    disk.before = async (call) => {
      if (call !== "sync t") return;
      await other.deleteTree("t", volatile());
      throw systemError("EIO");
    };
    await expect(driver.write("t/a/x", X, calm())).rejects.toMatchObject({ reason: "EIO" });
    disk.reset();
    await other.write("t/a/theirs", X, calm());
    disk.reset();
    await driver.write("t/a/y", X, calm());
    expect(syncs()).toEqual(["sync t/a/y.*.tmp", "sync t/a"]);
  });

  it("not when they hold what is volatile, for nothing durable lies there", async () => {
    await writeVolatile();
    await driver.staging.create(STAGED, calm());
    disk.reset();
    await driver.write(`${dirname(STARTED)}/against-the-rule`, X, calm());
    expect(syncs()).not.toContain("sync repositories/foo/_uploads");
  });
});

describe("FilesystemStaging.publish() beside another one", () => {
  it("waits for a directory that another task is still making durable", async () => {
    await driver.write("b/x", X, calm());
    const at = await stage("content");
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    disk.before = async (call) => {
      if (call === "sync b/ab") held.reject(systemError("EIO"));
      if (call !== "sync b") return;
      reached.resolve();
      await held.promise;
    };
    const making = driver.write("b/ab/x", X, calm());
    await reached.promise;
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    const failed = { status: "rejected", reason: { kind: "StorageUnavailable", reason: "EIO" } };
    expect(await Promise.allSettled([making, publishing])).toMatchObject([failed, failed]);
  });

  it("keeps an object of the same size and makes its name durable, not the bytes again", async () => {
    await driver.write(BLOB, Buffer.from("theirs!"), calm());
    const at = await stage("content");
    disk.reset();
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect(disk.calls).toEqual([`open ${STAGED}`, "open b/ab", "sync b/ab", `unlink ${STAGED}`]);
    expect(await text(driver.read(BLOB, calm()))).toBe("theirs!");
  });

  it("makes the name durable of an object whose staged file has ended", async () => {
    const at = await stage("content");
    disk.fail(/^sync b\/ab$/, "EIO");
    const first = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(first).rejects.toMatchObject({ reason: "EIO" });
    disk.reset();
    await other.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect(syncs()).toEqual(["sync b/ab"]);
  });
});

function volatile(): ReturnType<typeof calm> & { readonly isVolatile: true } {
  return { ...calm(), isVolatile: true };
}

function writeVolatile(): Promise<void> {
  return driver.write(STARTED, X, volatile());
}

/** A third one, whose calls are not recorded. */
function openAside(): Promise<FilesystemDriver> {
  return FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 });
}
