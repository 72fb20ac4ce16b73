import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readdir, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { StoreInUse, StoreNotLockable } from "../../src/storage/store-holder.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const signal = new AbortController().signal;
const log = new RecordingLogger();

async function openRoot(
  resources: AsyncDisposableStack,
): Promise<{ readonly path: string; readonly driver: StorageDriver }> {
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-lock-")));
  const driver = await FilesystemDriver.open({ rootDirectory: path, maxThreads: 25 });
  return { path, driver: resources.use(driver) };
}

describe("holdStore() on a filesystem", () => {
  it("lets a collector hold the store alone, and says who holds it", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    const first = await holdStore({ driver, role: "server", log, signal });
    const refused = holdStore({ driver, role: "collector", log, signal });
    await expect(refused).rejects.toThrow(StoreInUse);
    await expect(refused).rejects.toThrow(
      new RegExp(
        `^the store is in use by barge serve \\(pid ${process.pid} on host ${hostname()} since [^)]*Z\\); ` +
          "stop it or set storage.maintenance.readonly$",
      ),
    );
    await first[Symbol.asyncDispose]();
    const second = await holdStore({ driver, role: "collector", log, signal });
    await expect(holdStore({ driver, role: "server", log, signal })).rejects.toThrow(
      /barge garbage-collect .*; wait until it has ended$/,
    );
    await second[Symbol.asyncDispose]();
    expect((await stat(join(path, "barge/state"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(path, "barge/state"))).toStrictEqual(["store.lock"]);
  });

  it("lets servers hold it together, and a collector only after the last has let go", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    const child = await startHolder(path);
    const mine = await holdStore({ driver, role: "server", log, signal });
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect(holdStore({ driver, role: "collector", log, signal })).rejects.toThrow(
      `barge serve (pid ${process.pid} `,
    );
    await mine[Symbol.asyncDispose]();
    await using _held = await holdStore({ driver, role: "collector", log, signal });
  });

  it("is free again after its holder was killed", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    const child = await startHolder(path);
    await expect(holdStore({ driver, role: "collector", log, signal })).rejects.toThrow(
      `barge serve (pid ${child.pid} `,
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await readdir(join(path, "barge/state"))).toContain("store.lock.json");
    await using _held = await holdStore({ driver, role: "collector", log, signal });
  });

  it("is free again after its holder let it go, also in another process", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    const child = await startHolder(path);
    child.disconnect();
    await once(child, "exit");
    await using held = await holdStore({ driver, role: "server", log, signal });
    expect(held.lost.aborted).toBe(false);
    await held.stillAlone({ signal });
  });

  it("refuses without a name when the note of who holds it is spoilt", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    await using _held = await holdStore({ driver, role: "server", log, signal });
    for (const spoilt of ["", "{", '{"role":"server","pid":1,"host":"x","startedAt":"never"}']) {
      await writeFile(join(path, "barge/state/store.lock.json"), spoilt);
      await expect(holdStore({ driver, role: "collector", log, signal })).rejects.toThrow(
        "in use by another process",
      );
    }
  });

  it("refuses either role when the folder of the lock cannot be made", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    await writeFile(join(path, "barge"), "in the way");
    for (const role of ["server", "collector"] as const) {
      await expect(holdStore({ driver, role, log, signal })).rejects.toThrow(StoreNotLockable);
    }
  });

  it("refuses either role when the lock may not be opened", async () => {
    await using resources = new AsyncDisposableStack();
    const { path, driver } = await openRoot(resources);
    const held = await holdStore({ driver, role: "server", log, signal });
    await held[Symbol.asyncDispose]();
    const elsewhere = Object.assign(partlyReplaced(driver, {}), {
      localPath: () => join(path, "barge/state"),
    });
    for (const role of ["server", "collector"] as const) {
      await expect(holdStore({ driver: elsewhere, role, log, signal })).rejects.toThrow(
        StoreNotLockable,
      );
    }
  });
});

describe("holdStore() in memory", () => {
  it("refuses nobody: no other process can see the store", async () => {
    const driver = new InMemoryDriver();
    await using _server = await holdStore({ driver, role: "server", log, signal });
    await using _collector = await holdStore({ driver, role: "collector", log, signal });
  });
});

async function startHolder(root: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("hold-store-child.ts", import.meta.url));
  const child = fork(program, [root], {
    execArgv: [],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  if (child.stdout === null) throw new TypeError("the child has no standard output");
  await once(child.stdout, "data");
  return child;
}
