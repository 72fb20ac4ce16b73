import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks, names, text } from "../contracts/storage-subject.ts";

let resources: AsyncDisposableStack;
let root: string;
let outside: string;
let driver: FilesystemDriver;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  [root, outside] = [join(folder, "root"), join(folder, "outside")];
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "not for clients");
  driver = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 });
});
afterEach(() => resources.disposeAsync());

describe("FilesystemDriver among files that are not its own", () => {
  it("a symbolic link to a file is no object", async () => {
    await mkdir(join(root, "a"));
    await symlink(join(outside, "secret"), join(root, "a/link"));
    expect(await driver.stat("a/link", calm())).toBeUndefined();
    await expect(text(driver.read("a/link", calm()))).rejects.toBeInstanceOf(ObjectNotFound);
    expect(await names(driver.list("a", calm()))).toEqual([]);
  });

  it("write() takes the place of a symbolic link and leaves its target alone", async () => {
    await mkdir(join(root, "a"));
    await symlink(join(outside, "secret"), join(root, "a/link"));
    await driver.write("a/link", Buffer.from("ours"), calm());
    expect(await text(driver.read("a/link", calm()))).toBe("ours");
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("not for clients");
  });

  it("a staged object is never a symbolic link", async () => {
    await mkdir(join(root, "r/_uploads/1"), { recursive: true });
    await symlink(join(outside, "secret"), join(root, "r/_uploads/1/data"));
    expect(await driver.staging.stat("r/_uploads/1/data", calm())).toBeUndefined();
    const at = { sizeBytes: 15, modifiedAt: new Date(), version: "" };
    const appending = driver.staging.append("r/_uploads/1/data", chunks("x"), { ...calm(), at });
    await expect(appending).rejects.toBeInstanceOf(ObjectNotFound);
    await expect(driver.staging.create("r/_uploads/1/data", calm())).rejects.toMatchObject({
      kind: "StorageUnavailable",
    });
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("not for clients");
  });

  it("publish() replaces a symbolic link in the place of the object", async () => {
    await mkdir(join(root, "b"));
    await symlink(join(outside, "secret"), join(root, "b/data"));
    const empty = await driver.staging.create("r/_uploads/1/data", calm());
    const bytes = chunks("not for clients"); // of the same size as the target
    const at = await driver.staging.append("r/_uploads/1/data", bytes, { ...calm(), at: empty });
    await driver.staging.publish("r/_uploads/1/data", "b/data", { ...calm(), at });
    expect(await driver.stat("b/data", calm())).toMatchObject({ sizeBytes: 15 });
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("not for clients");
  });

  it("directories may be symbolic links, the root too", async () => {
    await mkdir(join(root, "docker"));
    await symlink(outside, join(root, "docker/blobs"));
    await driver.write("docker/blobs/ab/data", Buffer.from("x"), calm());
    expect(await readFile(join(outside, "ab/data"), "utf8")).toBe("x");
    expect(await names(driver.list("docker", calm()))).toEqual(["blobs/"]);
    expect(await names(driver.list("docker/blobs", calm()))).toEqual(["ab/", "secret"]);
    await symlink(root, `${root}-link`);
    const linked = await FilesystemDriver.open({ rootDirectory: `${root}-link`, maxThreads: 25 });
    expect(await text(linked.read("docker/blobs/ab/data", calm()))).toBe("x");
  });

  it("list() leaves out what is no object: files on their way, hidden ones, odd names", async () => {
    await driver.write("p/link", Buffer.from("x"), calm());
    for (const name of ["link.0a1b.tmp", "data.tmp", ".nfs0001", ".hidden", "a b", "lost+found~"]) {
      await writeFile(join(root, "p", name), "foreign");
    }
    for (const name of ["lost+found", ".snapshot"]) await mkdir(join(root, "p", name));
    await symlink("nowhere", join(root, "p/dangling"));
    await symlink("loop", join(root, "p/loop"));
    execFileSync("mkfifo", [join(root, "p/pipe")]);
    await mkdir(join(root, "p/v1.tmp"));
    expect(await names(driver.list("p", calm()))).toEqual(["link", "v1.tmp/"]);
  });

  it("a pipe is no object and holds nobody up", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    expect(await driver.stat("pipe", calm())).toBeUndefined();
    await expect(text(driver.read("pipe", calm()))).rejects.toBeInstanceOf(ObjectNotFound);
  });

  it("a name too long for the filesystem is absent, and cannot be written", async () => {
    const key = `a/${"n".repeat(300)}`;
    expect(await driver.stat(key, calm())).toBeUndefined();
    await expect(text(driver.read(key, calm()))).rejects.toBeInstanceOf(ObjectNotFound);
    await driver.delete(key, calm());
    await expect(driver.write(key, Buffer.from("x"), calm())).rejects.toMatchObject({
      reason: "ENAMETOOLONG",
    });
  });

  it("deleteTree() of a symbolic link removes the link only", async () => {
    await mkdir(join(root, "a"));
    await symlink(outside, join(root, "a/linked"));
    await driver.deleteTree("a", calm());
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("not for clients");
  });
});

describe("FilesystemDriver.open()", () => {
  it("makes the root with all above it", async () => {
    const deep = join(root, "x/y/z");
    const opened = await FilesystemDriver.open({ rootDirectory: deep, maxThreads: 25 });
    await opened.write("a", Buffer.from("x"), calm());
    expect(await readFile(join(deep, "a"), "utf8")).toBe("x");
    expect(opened.localPath("a/b")).toBe(join(deep, "a/b"));
  });

  it("says so when the root is a file", async () => {
    const opening = FilesystemDriver.open({
      rootDirectory: join(outside, "secret"),
      maxThreads: 25,
    });
    await expect(opening).rejects.toMatchObject({ kind: "StorageUnavailable", reason: "ENOTDIR" });
  });
});
