import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  mkdtempDisposable,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StagedOutOfOrder } from "../../src/storage/errors.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import {
  formatIdentity,
  ownIdentity,
  type ProcessIdentity,
} from "../../storage-drivers/filesystem/process-identity.ts";
import { calm, chunks, names, text } from "../contracts/storage-subject.ts";
import { RecordingFileSystem } from "./recording-file-system.ts";

const FOLDER = "r/_uploads/1";
const STAGED = `${FOLDER}/data`;
const BLOB = "b/ab/data";
const RANDOM = "0123456789abcdef";

let resources: AsyncDisposableStack;
let root: string;
let disk: RecordingFileSystem;
let driver: FilesystemDriver;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  disk = new RecordingFileSystem(root);
  driver = await openDriver(disk);
});
afterEach(() => resources.disposeAsync());

function openDriver({ fileSystem }: RecordingFileSystem): Promise<FilesystemDriver> {
  return FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 }, fileSystem);
}

async function stage(content: string): Promise<StagedInfo> {
  const at = await driver.staging.create(STAGED, calm());
  return driver.staging.append(STAGED, chunks(content), { ...calm(), at });
}

async function inodeOf(key: string): Promise<number> {
  return (await stat(join(root, key))).ino;
}

function filesIn(folder: string): Promise<readonly string[]> {
  return readdir(join(root, folder));
}

/** Leaves the mark that a process of that identity would. */
async function leaveMark(identity: string): Promise<void> {
  await writeFile(join(root, `${STAGED}.${identity}.${RANDOM}.tmp`), "");
}

/** Publishes what is staged. @returns whether the object is a file of its own. */
async function isCopied(at: StagedInfo): Promise<boolean> {
  const staged = await inodeOf(STAGED);
  await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
  expect(await driver.staging.stat(STAGED, calm())).toBeUndefined();
  expect(await filesIn("b/ab")).toEqual(["data"]);
  return (await inodeOf(BLOB)) !== staged;
}

/** A process that does nothing until its input ends. */
function startIdle(): ChildProcess {
  const idle = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  resources.defer(() => endIdle(idle));
  return idle;
}

async function endIdle(idle: ChildProcess): Promise<void> {
  if (idle.exitCode !== null) return;
  idle.stdin?.end();
  await once(idle, "exit");
}

async function identityOf({ pid = 0 }: ChildProcess): Promise<ProcessIdentity> {
  const own = (await ownIdentity()) as ProcessIdentity;
  const status = await readFile(`/proc/${pid}/stat`, "latin1");
  const startTicks = status.slice(status.lastIndexOf(")")).split(" ")[20] ?? "";
  return { ...own, processId: pid, startTicks };
}

describe("FilesystemStaging.publish() beside the mark of a writer", () => {
  it("links when nobody has left one", async () => {
    const at = await stage("content");
    await writeFile(join(root, FOLDER, `startedat.${RANDOM}.tmp`), "");
    await writeFile(join(root, FOLDER, "data.old"), "");
    expect(await isCopied(at)).toBe(false);
  });

  it("copies while the process lives", async () => {
    const at = await stage("content");
    await leaveMark(formatIdentity(await identityOf(startIdle())));
    expect(await isCopied(at)).toBe(true);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
    expect(await filesIn(FOLDER)).toHaveLength(1);
  });

  it("links when the process has ended, and removes the mark", async () => {
    const at = await stage("content");
    const idle = startIdle();
    const identity = await identityOf(idle);
    await endIdle(idle);
    await leaveMark(formatIdentity(identity));
    expect(await isCopied(at)).toBe(false);
    expect(await filesIn(FOLDER)).toEqual([]);
  });

  it("links when another process has got the number since", async () => {
    const at = await stage("content");
    const identity = await identityOf(startIdle());
    await leaveMark(formatIdentity({ ...identity, startTicks: "1" }));
    expect(await isCopied(at)).toBe(false);
  });

  it("copies when the process ran on another machine or in another container", async () => {
    const at = await stage("content");
    const idle = startIdle();
    const identity = await identityOf(idle);
    await endIdle(idle);
    await leaveMark(formatIdentity({ ...identity, place: "0000000000000000" }));
    expect(await isCopied(at)).toBe(true);
  });

  it.each(["unknown", "0123456789abcdef.0.1", "0123456789abcdef.12", "x"])(
    "copies when nobody can tell whose it is: %s",
    async (identity) => {
      const at = await stage("content");
      await leaveMark(identity);
      expect(await isCopied(at)).toBe(true);
    },
  );

  it("keeps an object of the same size, and replaces one of another", async () => {
    for (const [present, expected] of [
      ["as it was", "as it was"],
      ["cut", "another 1"],
    ] as const) {
      await driver.write(BLOB, Buffer.from(present), calm());
      const at = await stage("another 1");
      await leaveMark("unknown");
      expect(await isCopied(at)).toBe(true);
      expect(await text(driver.read(BLOB, calm()))).toBe(expected);
    }
  });

  it("leaves what is staged when the copy fails, and can be done again", async () => {
    const at = await stage("content");
    await leaveMark("unknown");
    disk.fail(/^sync b\/ab\/data\.\*\.tmp/, "EIO");
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(publishing).rejects.toMatchObject({ reason: "EIO" });
    disk.reset();
    expect(await driver.stat(BLOB, calm())).toBeUndefined();
    expect(await isCopied(at)).toBe(true);
  });

  it("copies what a crash had left linked", async () => {
    const older = await stage("content");
    disk.fail(/^unlink r\//, "EIO");
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at: older });
    await expect(publishing).rejects.toMatchObject({ reason: "EIO" });
    disk.reset();
    await leaveMark("unknown");
    const at = (await driver.staging.stat(STAGED, calm())) ?? older;
    expect(await isCopied(at)).toBe(true);
  });

  it("copies what it has opened when the upload and its marks are deleted meanwhile", async () => {
    const at = await stage("content");
    disk.before = async (call) => {
      if (call === `sync ${STAGED}`) await rm(join(root, FOLDER), { recursive: true });
    };
    expect(await isCopied(at)).toBe(true);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
  });

  it("leaves marks that are never listed and go with the folder", async () => {
    const at = await stage("content");
    await leaveMark("unknown");
    expect(await names(driver.list(FOLDER, calm()))).toEqual([]);
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await driver.staging.discard(STAGED, calm());
    await driver.deleteTree(FOLDER, calm());
    expect(await filesIn("r/_uploads")).toEqual([]);
  });
});

describe("FilesystemStaging.publish() when a writer comes after the first look", () => {
  beforeEach(async () => {
    // The folder is there, so that the first attempt to link succeeds.
    await driver.write(BLOB, Buffer.from("x"), calm());
    await driver.delete(BLOB, calm());
  });

  /** Does something when nobody was found and the file is about to get its second name. */
  function beforeLink(task: () => Promise<void>): void {
    disk.before = (call) => (call.startsWith("link") ? task() : undefined);
  }

  it("copies when its mark is there at the second look", async () => {
    const at = await stage("content");
    beforeLink(() => leaveMark("unknown"));
    expect(await isCopied(at)).toBe(true);
  });

  it("copies the first bytes when it has finished by then", async () => {
    const at = await stage("content");
    beforeLink(() => appendFile(driver.localPath(STAGED), " and more"));
    expect(await isCopied(at)).toBe(true);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
  });

  it("copies after the staged file was moved, where files cannot have two names", async () => {
    const at = await stage("content");
    disk.before = async (call) => {
      if (call.startsWith("link")) throw Object.assign(new Error("no links"), { code: "EPERM" });
      if (call.startsWith(`rename ${STAGED}`)) await leaveMark("unknown");
    };
    expect(await isCopied(at)).toBe(true);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
  });
});

describe("FilesystemStaging.append() while another process publishes", () => {
  async function* pausing(
    reached: () => void,
    goOn: Promise<void>,
    rest: string,
  ): AsyncGenerator<Uint8Array> {
    reached();
    await goOn;
    yield Buffer.from(rest);
  }

  it("neither writes nor succeeds when the staged file is gone", async () => {
    const at = await stage("content");
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const source = pausing(reached.resolve, goOn.promise, " and more");
    const late = await openDriver(new RecordingFileSystem(root));
    const appending = late.staging.append(STAGED, source, { ...calm(), at });
    await reached.promise;
    expect(await isCopied(at)).toBe(true);
    goOn.resolve();
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
    expect(await filesIn(FOLDER)).toEqual([]);
  });

  it("writes beside the object, and fails, when its write was on its way", async () => {
    const at = await stage("content");
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const lateDisk = new RecordingFileSystem(root);
    const late = await openDriver(lateDisk);
    lateDisk.before = async (call) => {
      if (!call.startsWith("writev")) return;
      reached.resolve();
      await goOn.promise;
    };
    const appending = late.staging.append(STAGED, chunks(" and more"), { ...calm(), at });
    await reached.promise;
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    goOn.resolve();
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
  });

  it("fails when the upload was given up and begun anew at the same key", async () => {
    const at = await stage("content");
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const source = pausing(reached.resolve, goOn.promise, "");
    const appending = driver.staging.append(STAGED, source, { ...calm(), at });
    await reached.promise;
    await driver.staging.discard(STAGED, calm());
    await driver.staging.create(STAGED, calm());
    await appendFile(driver.localPath(STAGED), "another");
    goOn.resolve();
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await text(driver.staging.read(STAGED, calm()))).toBe("another");
  });
});
