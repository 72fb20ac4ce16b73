/** What write() with `ifAbsent` asks of the kernel, and what it makes of the answers. */
import { Buffer } from "node:buffer";
import { link, mkdtempDisposable, readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, text } from "../contracts/storage-subject.ts";
import { RecordingFileSystem, systemError } from "./recording-file-system.ts";

const EXISTS = { kind: "ObjectExists", key: "t/link" };

describe("FilesystemDriver.write() with ifAbsent", () => {
  let resources: AsyncDisposableStack;
  let root: string;
  let disk: RecordingFileSystem;
  let driver: FilesystemDriver;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
    disk = new RecordingFileSystem(root);
    driver = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 }, disk.fileSystem);
    await driver.write("t/beside", Buffer.from("x"), calm());
    disk.reset();
  });
  afterEach(() => resources.disposeAsync());

  const create = (content: string, options: { readonly isVolatile?: boolean } = {}) =>
    driver.write("t/link", Buffer.from(content), { ...calm(), ...options, ifAbsent: true });
  const read = (): Promise<string> => text(driver.read("t/link", calm()));
  const filesLeft = async (): Promise<readonly string[]> =>
    (await readdir(join(root, "t"))).toSorted();

  it("syncs the file before its name, and the name before it resolves", async () => {
    await create("one");
    expect(disk.calls).toEqual([
      "open t/link.*.tmp",
      "writev t/link.*.tmp",
      "sync t/link.*.tmp",
      "link t/link.*.tmp t/link",
      "unlink t/link.*.tmp",
      "open t",
      "sync t",
    ]);
  });

  it("syncs the name of another's object before it tells of that, and leaves no file", async () => {
    await driver.write("t/link", Buffer.from("old"), calm());
    disk.reset();
    await expect(create("new")).rejects.toMatchObject(EXISTS);
    expect(disk.calls.slice(-4)).toEqual([
      "link t/link.*.tmp t/link",
      "unlink t/link.*.tmp",
      "open t",
      "sync t",
    ]);
    expect(await filesLeft()).toEqual(["beside", "link"]);
    expect(await read()).toBe("old");
  });

  it("syncs nothing of what is volatile", async () => {
    await create("one", { isVolatile: true });
    await expect(create("two", { isVolatile: true })).rejects.toMatchObject(EXISTS);
    expect(disk.calls.filter((call) => call.startsWith("sync"))).toEqual([]);
    expect(await read()).toBe("one");
  });

  it("leaves the object or nothing, and no other file, whichever call fails", async () => {
    for (let nth = 1; ; nth += 1) {
      disk.failNth(nth, "EIO");
      const failure = await create("new").then(
        () => undefined,
        (error: unknown) => error,
      );
      disk.reset();
      if (failure === undefined) {
        expect(nth).toBe(8);
        break;
      }
      expect(failure).toMatchObject({ kind: "StorageUnavailable", reason: "EIO" });
      expect(await filesLeft()).toEqual(nth > 4 ? ["beside", "link"] : ["beside"]);
      await driver.delete("t/link", calm());
    }
  });

  it("knows its own object when a file server says that the name is taken", async () => {
    disk.before = async (call) => {
      if (!call.startsWith("link ")) return;
      const names = await readdir(join(root, "t"));
      const temporary = names.find((name) => name.endsWith(".tmp")) ?? "";
      await link(join(root, "t", temporary), join(root, "t/link"));
    };
    await create("mine");
    expect(await read()).toBe("mine");
    expect(await filesLeft()).toEqual(["beside", "link"]);
  });

  it.each(["EPERM", "ENOTSUP", "EMLINK"])(
    "looks first where files cannot have two names: %s",
    async (code) => {
      disk.fail(/^link /, code);
      await create("one");
      await expect(create("two")).rejects.toMatchObject(EXISTS);
      expect(await read()).toBe("one");
      expect(await filesLeft()).toEqual(["beside", "link"]);
    },
  );

  it("takes a symbolic link for something that is there", async () => {
    await symlink("/nowhere", join(root, "t/link"));
    await expect(create("new")).rejects.toMatchObject(EXISTS);
    expect(await filesLeft()).toEqual(["beside", "link"]);
  });

  it("begins again when the folder is taken away meanwhile", async () => {
    let isTaken = false;
    disk.before = async (call) => {
      if (isTaken || !call.startsWith("link ")) return;
      isTaken = true;
      await driver.deleteTree("t", calm());
    };
    await create("one");
    expect(await read()).toBe("one");
    expect(await filesLeft()).toEqual(["link"]);
  });

  it("a full disk is StorageUnavailable, and nothing is there", async () => {
    disk.before = (call) => {
      if (call.startsWith("writev")) throw systemError("ENOSPC");
    };
    await expect(create("one")).rejects.toMatchObject({ reason: "ENOSPC" });
    expect(await filesLeft()).toEqual(["beside"]);
  });
});
