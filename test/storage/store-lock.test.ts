import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readdir, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { StoreInUse, StoreNotLockable, type StoreRole } from "../../src/storage/store-holder.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
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
    await using _held = await holdStore({ driver, role: "server", log, signal });
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

describe("holdStore() on a shared object store", () => {
  it("lets many servers hold it, and leaves no record behind", async () => {
    const { driver, hold } = sharedStore();
    const servers = [await hold("server"), await hold("server")];
    expect(await recordsOf(driver)).toHaveLength(2);
    for (const server of servers) await server[Symbol.asyncDispose]();
    expect(await recordsOf(driver)).toStrictEqual([]);
  });

  it("lets a collector begin at once when there is no record", async () => {
    const { driver, hold } = sharedStore();
    const collector = await hold("collector");
    await collector[Symbol.asyncDispose]();
    expect(await recordsOf(driver)).toStrictEqual([]);
  });

  it("refuses a collector as soon as a server's record changes, and takes its own away", async () => {
    const { clock, driver, hold } = sharedStore();
    await using _server = await hold("server");
    const refused = settled(hold("collector"));
    await advance(clock, 20_000);
    expect(await refused).toBeInstanceOf(StoreInUse);
    expect(await recordsOf(driver)).toHaveLength(1);
  });

  it("refuses a collector when a server begins while it watches a dead one", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "servers");
    const refused = settled(hold("collector"));
    await advance(clock, 10_000);
    await using _server = await startedWhileWatched(clock, hold("server"));
    expect(await refused).toBeInstanceOf(StoreInUse);
  });

  it("lets a collector begin when the records of servers do not change for a minute, and removes them", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "servers");
    await leaveRecord(driver, "collectors");
    const holding = hold("collector");
    await advance(clock, 50_000);
    expect(await recordsOf(driver)).toHaveLength(3);
    await advance(clock, 10_000);
    await using _collector = await holding;
    expect(await recordsOf(driver)).toHaveLength(1);
  });

  it("lets a server begin after a minute when a collector died, and refuses it while one lives", async () => {
    const { clock, driver, hold } = sharedStore();
    await leaveRecord(driver, "collectors");
    const holding = hold("server");
    await advance(clock, 60_000);
    const server = await holding;
    await server[Symbol.asyncDispose]();
    await using _collector = await hold("collector");
    const refused = settled(hold("server"));
    await advance(clock, 60_000);
    expect(await refused).toBeInstanceOf(StoreInUse);
  });

  it("lets the server begin when both begin at the same moment", async () => {
    const { clock, hold } = sharedStore();
    const collector = settled(hold("collector"));
    const holding = hold("server");
    await advance(clock, 60_000);
    expect(await collector).toBeInstanceOf(StoreInUse);
    await using _server = await holding;
  });

  it("goes on when a record cannot be refreshed, and says so", async () => {
    const recorder = new RecordingLogger();
    const driver = sharedDriver();
    const clock = new FakeClock();
    let isBroken = false;
    const breaking = partlyReplaced(driver, {
      async write(key, bytes, options) {
        if (isBroken) throw new Error("no answer");
        await driver.write(key, bytes, options);
      },
    });
    await using _server = await holdStore({
      driver: breaking,
      role: "server",
      log: recorder,
      clock,
      signal,
    });
    const [before] = await recordTexts(driver);
    isBroken = true;
    await advance(clock, 20_000);
    expect(recorder.lines).toMatchObject([{ level: "warn" }]);
    isBroken = false;
    await advance(clock, 20_000);
    const [after] = await recordTexts(driver);
    expect(after).not.toBe(before);
  });
});

/** A store of many processes that knows neither files nor locks. */
function sharedDriver(): StorageDriver {
  return partlyReplaced(new InMemoryDriver(), { name: "s3" });
}

function sharedStore(): {
  readonly clock: FakeClock;
  readonly driver: StorageDriver;
  readonly hold: (role: StoreRole) => Promise<AsyncDisposable>;
} {
  const clock = new FakeClock();
  const driver = sharedDriver();
  return { clock, driver, hold: (role) => holdStore({ driver, role, log, clock, signal }) };
}

/** In steps, so that everything that waits for a step has been done before the next. */
async function advance(clock: FakeClock, ms: number): Promise<void> {
  await setImmediate();
  for (let passedMs = 0; passedMs < ms; passedMs += 10_000) {
    await clock.advance(10_000);
    await setImmediate();
  }
}

async function startedWhileWatched(
  clock: FakeClock,
  holding: Promise<AsyncDisposable>,
): Promise<AsyncDisposable> {
  await advance(clock, 60_000);
  return await holding;
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "held",
    (error: unknown) => error,
  );
}

async function leaveRecord(driver: StorageDriver, folder: string): Promise<void> {
  const record = '{"role":"server","pid":1,"host":"gone","startedAt":"2026-01-01T00:00:00Z"}\n7\n';
  await driver.write(`barge/leases/${folder}/of-a-dead-process`, Buffer.from(record), { signal });
}

async function recordsOf(driver: StorageDriver): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const folder of ["barge/leases/servers", "barge/leases/collectors"]) {
    for await (const { name } of driver.list(folder, { signal })) keys.push(`${folder}/${name}`);
  }
  return keys;
}

async function recordTexts(driver: StorageDriver): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const key of await recordsOf(driver)) {
    texts.push(Buffer.concat(await Array.fromAsync(driver.read(key, { signal }))).toString());
  }
  return texts;
}

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
