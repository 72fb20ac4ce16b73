import { Buffer } from "node:buffer";
import { appendFile, mkdtempDisposable, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StagedOutOfOrder, StorageUnavailable } from "../../src/storage/errors.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks, pattern, text } from "../contracts/storage-subject.ts";
import { RecordingFileSystem, systemError } from "./recording-file-system.ts";

const STAGED = "r/_uploads/1/data";
const BLOB = "b/ab/data";

let resources: AsyncDisposableStack;
let root: string;
let disk: RecordingFileSystem;
let driver: FilesystemDriver;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  disk = new RecordingFileSystem(root);
  driver = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 }, disk.fileSystem);
  disk.reset();
});
afterEach(() => resources.disposeAsync());

async function stage(content: string): Promise<StagedInfo> {
  const at = await driver.staging.create(STAGED, calm());
  return driver.staging.append(STAGED, chunks(content), { ...calm(), at });
}

async function filesLeft(): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("FilesystemDriver makes things durable in order", () => {
  it("write() syncs the file before its name, and the name before it resolves", async () => {
    await driver.write("t/current/link", Buffer.from("one"), calm());
    disk.reset();
    await driver.write("t/current/link", Buffer.from("two"), calm());
    expect(disk.calls).toEqual([
      "open t/current/link.*.tmp",
      "writev t/current/link.*.tmp",
      "sync t/current/link.*.tmp",
      "rename t/current/link.*.tmp t/current/link",
      "open t/current",
      "sync t/current",
    ]);
  });

  it("write() syncs the parent of every new directory", async () => {
    await driver.write("t/current/link", Buffer.from("one"), calm());
    const syncs = disk.calls.filter((call) => call.startsWith("sync") || call.startsWith("mkdir"));
    expect(syncs.slice(-5)).toEqual([
      "sync .",
      "mkdir t/current",
      "sync t",
      "sync t/current/link.*.tmp",
      "sync t/current",
    ]);
  });

  it("publish() syncs the bytes, names them, syncs the name, then ends the staged file", async () => {
    await driver.write("b/ab/other", Buffer.from("x"), calm());
    const at = await stage("content");
    disk.reset();
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect(disk.calls).toEqual([
      `open ${STAGED}`,
      `sync ${STAGED}`,
      `link ${STAGED} ${BLOB}`,
      "open b/ab",
      "sync b/ab",
      `unlink ${STAGED}`,
    ]);
  });

  it("append() syncs nothing, writes each piece at once and is marked meanwhile", async () => {
    const at = await driver.staging.create(STAGED, calm());
    disk.reset();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 4; index += 1) yield pattern(64 * 1024, index);
    };
    await driver.staging.append(STAGED, source(), { ...calm(), at });
    const identity = /(?<=data\.)[0-9a-f]{16}\.\d+\.\d+(?=\.\*\.tmp$)/;
    expect(disk.calls.map((call) => call.replace(identity, "<process>"))).toEqual([
      `open ${STAGED}.<process>.*.tmp`,
      `open ${STAGED}`,
      ...Array(4).fill(`writev ${STAGED}`),
      `unlink ${STAGED}.<process>.*.tmp`,
    ]);
  });

  it("what is volatile syncs new directories above its own, and nothing else", async () => {
    const volatile = { ...calm(), isVolatile: true };
    await driver.write("v/_uploads/1/startedat", Buffer.from("now"), volatile);
    await driver.staging.create("v/_uploads/1/data", calm());
    await driver.deleteTree("v/_uploads/1", volatile);
    expect(disk.calls.filter((call) => call.startsWith("sync"))).toEqual(["sync .", "sync v"]);
  });

  it("delete() and deleteTree() sync the directory", async () => {
    await driver.write("t/a/link", Buffer.from("x"), calm());
    disk.reset();
    await driver.delete("t/a/link", calm());
    expect(disk.calls).toEqual(["unlink t/a/link", "open t/a", "sync t/a"]);
    disk.reset();
    await driver.deleteTree("t/a", calm());
    expect(disk.calls).toEqual(["rm t/a", "open t", "sync t"]);
  });

  it("a writer waits for a directory that another one is still making durable", async () => {
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    disk.before = async (call) => {
      if (call === "sync a") held.reject(systemError("EIO"));
      if (call !== "sync .") return;
      reached.resolve();
      await held.promise;
    };
    const first = driver.write("a/x", Buffer.from("x"), calm());
    await reached.promise;
    const second = driver.write("a/y", Buffer.from("y"), calm());
    const failed = { status: "rejected", reason: { kind: "StorageUnavailable", reason: "EIO" } };
    expect(await Promise.allSettled([first, second])).toMatchObject([failed, failed]);
  });
});

describe("FilesystemDriver when a call into the kernel fails", () => {
  it("write() at any call leaves the old bytes or the new, and no other file", async () => {
    await driver.write("t/link", Buffer.from("old"), calm());
    for (let nth = 1; ; nth += 1) {
      disk.failNth(nth, "EIO");
      const failure = await driver.write("t/link", Buffer.from("new"), calm()).then(
        () => undefined,
        (error: unknown) => error,
      );
      disk.reset();
      if (failure === undefined) {
        expect(nth).toBe(7);
        break;
      }
      expect(failure).toBeInstanceOf(StorageUnavailable);
      expect(failure).toMatchObject({ reason: "EIO" });
      const isNamed = nth > 4;
      expect(await text(driver.read("t/link", calm()))).toBe(isNamed ? "new" : "old");
      expect(await filesLeft()).toEqual(["link"]);
      await driver.write("t/link", Buffer.from("old"), calm());
    }
  });

  it("publish() at any call leaves no part of an object, and can be done again", async () => {
    await driver.write("b/ab/other", Buffer.from("x"), calm());
    for (let nth = 1; ; nth += 1) {
      const at = await stage("content");
      disk.failNth(nth, "EIO");
      const failure = await driver.staging.publish(STAGED, BLOB, { ...calm(), at }).then(
        () => undefined,
        (error: unknown) => error,
      );
      disk.reset();
      const there = await driver.stat(BLOB, calm());
      expect(there?.sizeBytes ?? 7).toBe(7);
      if (failure === undefined) {
        expect(nth).toBe(7);
        break;
      }
      expect(failure).toMatchObject({ kind: "StorageUnavailable", reason: "EIO" });
      const left = await driver.staging.stat(STAGED, calm());
      const again = left ?? (await stage("content"));
      await driver.staging.publish(STAGED, BLOB, { ...calm(), at: again });
      expect(await text(driver.read(BLOB, calm()))).toBe("content");
      await driver.delete(BLOB, calm());
    }
  });

  it("publish() gives the staged file up after a failed sync, and never syncs it twice", async () => {
    const at = await stage("content");
    disk.reset();
    disk.fail(/^sync r\//, "EIO");
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(publishing).rejects.toMatchObject({ reason: "EIO" });
    expect(disk.calls.filter((call) => call === `sync ${STAGED}`)).toHaveLength(1);
    expect(await driver.staging.stat(STAGED, calm())).toBeUndefined();
    expect(await driver.stat(BLOB, calm())).toBeUndefined();
  });

  it.each(["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "EACCES", "EIO"])(
    "%s is StorageUnavailable with that reason",
    async (code) => {
      disk.fail(/^open/, code);
      const unavailable = { kind: "StorageUnavailable", reason: code };
      await expect(driver.write("a", Buffer.from("x"), calm())).rejects.toMatchObject(unavailable);
      await expect(text(driver.read("a", calm()))).rejects.toMatchObject(unavailable);
      await expect(driver.staging.create(STAGED, calm())).rejects.toMatchObject(unavailable);
    },
  );

  it("append() without space keeps what was there before", async () => {
    const at = await stage("before");
    disk.fail(/^writev/, "ENOSPC");
    const appending = driver.staging.append(STAGED, chunks("after"), { ...calm(), at });
    await expect(appending).rejects.toMatchObject({ reason: "ENOSPC" });
    expect(await text(driver.staging.read(STAGED, calm()))).toBe("before");
  });

  it("short writes are written to the end", async () => {
    disk.shortWriteBytes = 3;
    await driver.write("a", Buffer.from("0123456789"), calm());
    expect(await text(driver.read("a", calm()))).toBe("0123456789");
    const at = await stage("abcdefgh");
    expect(at.sizeBytes).toBe(8);
    expect(await text(driver.staging.read(STAGED, calm()))).toBe("abcdefgh");
  });

  it.each([
    { name: "where files cannot have two names", calls: /^link/, code: "EPERM" },
    {
      name: "where the object lies on another filesystem",
      calls: /^(?:link|rename r\/)/,
      code: "EXDEV",
    },
  ])("publish() works $name", async ({ calls, code }) => {
    for (const damaged of [undefined, "cut"]) {
      if (damaged !== undefined) await driver.write(BLOB, Buffer.from(damaged), calm());
      const at = await stage("content");
      disk.fail(calls, code);
      await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
      disk.reset();
      expect(await text(driver.read(BLOB, calm()))).toBe("content");
      expect(await driver.staging.stat(STAGED, calm())).toBeUndefined();
      expect(await filesLeft()).toEqual(["data"]);
    }
  });
});

describe("FilesystemDriver after a crash and beside others", () => {
  it("a staged file that is published already is published again, and not appended to", async () => {
    const at = await stage("content");
    disk.fail(/^unlink r\//, "EIO");
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(publishing).rejects.toMatchObject({ reason: "EIO" });
    disk.reset();
    const left = (await driver.staging.stat(STAGED, calm())) ?? at;
    let wasRead = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      wasRead = true;
      yield Buffer.from("more");
    };
    const appending = driver.staging.append(STAGED, source(), { ...calm(), at: left });
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(wasRead).toBe(false);
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at: left });
    expect(await text(driver.read(BLOB, calm()))).toBe("content");
    expect(await driver.staging.stat(STAGED, calm())).toBeUndefined();
  });

  it("bytes of another process stop an append in the middle", async () => {
    const mib = 1024 * 1024;
    const at = await stage("mine");
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield pattern(mib);
      await appendFile(driver.localPath(STAGED), "theirs");
      yield pattern(mib);
      yield pattern(mib);
    };
    const appending = driver.staging.append(STAGED, source(), { ...calm(), at });
    await expect(appending).rejects.toBeInstanceOf(StagedOutOfOrder);
    const left = await driver.staging.stat(STAGED, calm());
    expect(left?.sizeBytes).toBeLessThanOrEqual(mib + "minetheirs".length);
  });

  it("bytes of another process behind the end forbid to publish", async () => {
    const at = await stage("mine");
    await appendFile(driver.localPath(STAGED), "theirs");
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(publishing).rejects.toBeInstanceOf(StagedOutOfOrder);
    expect(await driver.stat(BLOB, calm())).toBeUndefined();
  });

  it("holds no more files open than it was told, while it writes", async () => {
    await driver.write("many/first", Buffer.from("x"), calm());
    let open = 0;
    let most = 0;
    disk.before = (call) => {
      if (call.startsWith("open") && call.endsWith(".tmp")) most = Math.max(most, (open += 1));
      if (call.startsWith("rename")) open -= 1;
    };
    const keys = Array.from({ length: 80 }, (_, index) => `many/${index}`);
    await Promise.all(keys.map((key) => driver.write(key, Buffer.from("x"), calm())));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(25);
  });
});
