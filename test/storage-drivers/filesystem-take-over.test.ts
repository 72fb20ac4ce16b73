import { Buffer } from "node:buffer";
import {
  appendFile,
  copyFile,
  link,
  mkdtempDisposable,
  readdir,
  rename,
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
import { calm, chunks, collect, pattern, text } from "../contracts/storage-subject.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingFileSystem } from "./recording-file-system.ts";

const FOLDER = "r/_uploads/1";
const STAGED = `${FOLDER}/data`;
const BLOB = "b/ab/data";
const MARK = `${STAGED}.unknown.0123456789abcdef.tmp`;
const LARGE = pattern(6 * 1024 * 1024);
const FIRST_PAUSE_MS = 5;

let resources: AsyncDisposableStack;
let root: string;
let clock: FakeClock;
let olderDisk: RecordingFileSystem;
let newerDisk: RecordingFileSystem;
/** Two processes on one store. */
let older: FilesystemDriver;
let newer: FilesystemDriver;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  clock = new FakeClock();
  olderDisk = new RecordingFileSystem(root);
  newerDisk = new RecordingFileSystem(root);
  older = await openDriver(olderDisk);
  newer = await openDriver(newerDisk);
});
afterEach(() => resources.disposeAsync());

function openDriver({ fileSystem }: RecordingFileSystem): Promise<FilesystemDriver> {
  return FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 }, fileSystem, clock);
}

async function stage(content: string | Uint8Array): Promise<StagedInfo> {
  const at = await older.staging.create(STAGED, calm());
  return older.staging.append(STAGED, chunks(content), { ...calm(), at });
}

function append(driver: FilesystemDriver, content: string, at: StagedInfo): Promise<StagedInfo> {
  return driver.staging.append(STAGED, chunks(content), { ...calm(), at });
}

async function inodeOf(key: string): Promise<number> {
  return (await stat(join(root, key))).ino;
}

async function leaveMark(): Promise<void> {
  await writeFile(join(root, MARK), "");
}

/** The older process begins to append, and is held up before the call that matches. */
async function appendHeldUp(
  content: string,
  at: StagedInfo,
): Promise<{ readonly appending: Promise<StagedInfo>; readonly goOn: () => void }> {
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  olderDisk.before = async (call) => {
    if (!call.startsWith("writev")) return;
    reached.resolve();
    await goOn.promise;
  };
  const appending = append(older, content, at);
  await reached.promise;
  return { appending, goOn: goOn.resolve };
}

describe("FilesystemStaging.append() while another process appends", () => {
  it("goes on with a copy when the other one waits for its client", async () => {
    const at = await stage("content");
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      reached.resolve();
      await goOn.promise;
      yield Buffer.from(" late");
    };
    const late = older.staging.append(STAGED, silent(), { ...calm(), at });
    await reached.promise;
    await append(newer, " and more", at);
    goOn.resolve();
    await expect(late).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await text(newer.staging.read(STAGED, calm()))).toBe("content and more");
    expect(await readdir(join(root, FOLDER))).toEqual(["data"]);
  });

  it("keeps apart what the other one has begun to write", async () => {
    const at = await stage("content");
    const { appending, goOn } = await appendHeldUp(" and more", at);
    const staged = await append(newer, " and more", at);
    goOn();
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await newer.staging.stat(STAGED, calm())).toEqual(staged);
    expect(await text(newer.staging.read(STAGED, calm()))).toBe("content and more");
  });

  it("copies once: what is appended next finds no mark of the other one", async () => {
    const at = await stage("content");
    const { appending, goOn } = await appendHeldUp(" late", at);
    const second = await append(newer, " and", at);
    const inode = await inodeOf(STAGED);
    await append(newer, " more", second);
    expect(await inodeOf(STAGED)).toBe(inode);
    goOn();
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
  });

  it("waits as long as a large copy takes, and goes on in the file when the other has ended", async () => {
    const at = await stage(LARGE);
    const inode = await inodeOf(STAGED);
    await leaveMark();
    const appending = append(newer, " and more", at);
    await clock.someoneWaits(FIRST_PAUSE_MS);
    await rm(join(root, MARK));
    await clock.advance(FIRST_PAUSE_MS);
    expect(await appending).toMatchObject({ sizeBytes: LARGE.byteLength + 9 });
    expect(await inodeOf(STAGED)).toBe(inode);
  });

  it("copies a large file when the other has not ended by then", async () => {
    const at = await stage(LARGE);
    await leaveMark();
    const appending = append(newer, "", at);
    await clock.someoneWaits(FIRST_PAUSE_MS);
    await clock.advance(FIRST_PAUSE_MS);
    await appending;
    expect((await collect(newer.staging.read(STAGED, calm()))).equals(LARGE)).toBe(true);
    expect(await readdir(join(root, FOLDER))).toEqual(["data"]);
  });

  it("is refused when the other has written meanwhile, and what that wrote stays", async () => {
    const at = await stage(LARGE);
    const { appending, goOn } = await appendHeldUp(" and more", at);
    const refused = append(newer, " late", at);
    await clock.someoneWaits(FIRST_PAUSE_MS);
    goOn();
    const staged = await appending;
    const [outcome] = await Promise.all([
      Promise.allSettled([refused]),
      clock.advance(FIRST_PAUSE_MS),
    ]);
    expect(outcome).toMatchObject([{ reason: { sizeBytes: staged.sizeBytes } }]);
    expect(await newer.staging.stat(STAGED, calm())).toEqual(staged);
  });

  it("is refused when the other writes while it copies, and what that wrote stays", async () => {
    const at = await stage("content");
    await leaveMark();
    newerDisk.before = async (call) => {
      if (call.startsWith("writev")) await appendFile(join(root, STAGED), " and more");
    };
    await expect(append(newer, " late", at)).rejects.toMatchObject({ sizeBytes: 16 });
    expect(await text(newer.staging.read(STAGED, calm()))).toBe("content and more");
  });

  it("throws the signal's reason when it aborts while it waits", async () => {
    const at = await stage(LARGE);
    await leaveMark();
    const stop = new AbortController();
    const options = { signal: stop.signal, at };
    const outcome = Promise.allSettled([newer.staging.append(STAGED, chunks("x"), options)]);
    await clock.someoneWaits(FIRST_PAUSE_MS);
    stop.abort(new Error("given up"));
    expect(await outcome).toMatchObject([{ reason: { message: "given up" } }]);
  });

  it("leaves the upload as it was when it cannot be copied", async () => {
    const at = await stage("content");
    await leaveMark();
    for (const call of [/^open r\/.*data\..*\.\*\.tmp$/, /^writev/, /^rename/]) {
      let opens = 0;
      newerDisk.before = (made) => {
        const isOwnMark = made.startsWith("open") && (opens += 1) === 1;
        if (call.test(made) && !isOwnMark)
          throw Object.assign(new Error("full"), { code: "ENOSPC" });
      };
      await expect(append(newer, " x", at)).rejects.toMatchObject({ reason: "ENOSPC" });
      expect(await newer.staging.stat(STAGED, calm())).toEqual(at);
      expect(await readdir(join(root, FOLDER))).toHaveLength(2);
    }
  });

  it("is refused when the upload is published while it copies, and the mark stays", async () => {
    const at = await stage("content");
    await leaveMark();
    newerDisk.before = async (call) => {
      if (call.startsWith("writev")) await link(join(root, STAGED), join(root, "published"));
    };
    await expect(append(newer, " x", at)).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await readdir(join(root, FOLDER))).toHaveLength(2);
  });

  it("leaves the mark when the upload is published just before the copy is in its place", async () => {
    const at = await stage("content");
    await leaveMark();
    newerDisk.before = async (call) => {
      if (call.startsWith("rename")) await link(join(root, STAGED), join(root, "published"));
    };
    await append(newer, " x", at);
    expect(await readdir(join(root, FOLDER))).toHaveLength(2);
  });
});

it("publish() gives no name to a copy that somebody goes on with", async () => {
  const at = await stage("content");
  await older.write(BLOB, Buffer.from("x"), calm());
  await older.delete(BLOB, calm());
  let copied = 0;
  olderDisk.before = async (call) => {
    if (!call.startsWith("link")) return;
    await copyFile(join(root, STAGED), join(root, "copy"));
    copied = await inodeOf("copy");
    await rename(join(root, "copy"), join(root, STAGED));
  };
  await older.staging.publish(STAGED, BLOB, { ...calm(), at });
  expect(copied).not.toBe(0);
  expect(await inodeOf(BLOB)).not.toBe(copied);
  expect(await text(older.read(BLOB, calm()))).toBe("content");
});
