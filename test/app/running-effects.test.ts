/** A stop that is not polite: changes of the store that still run are waited for before it is let go. */
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import type { RunningServer } from "../../src/app/http-server.ts";
import { type RunningEffects, runningEffects } from "../../src/app/running-effects.ts";
import { EFFECTS_END_MS, finishRequests } from "../../src/app/stopping.ts";
import type { StagingArea, StorageDriver } from "../../src/storage/storage-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const { signal } = new AbortController();
const BYTES = new Uint8Array(1);
const TIMEOUT_MS = 1000;

/** Every change of this store hangs until the test lets it end. */
let hanging: PromiseWithResolvers<never>;
let effects: RunningEffects;
let clock: FakeClock;

beforeEach(() => {
  hanging = Promise.withResolvers();
  hanging.promise.catch(() => undefined);
  const hang = (): Promise<never> => hanging.promise;
  const inner = new InMemoryDriver();
  const staging: StagingArea = {
    create: hang,
    stat: (key, options) => inner.staging.stat(key, options),
    append: hang,
    read: (key, options) => inner.staging.read(key, options),
    publish: hang,
    discard: hang,
  };
  effects = runningEffects(
    partlyReplaced(inner, { write: hang, delete: hang, deleteTree: hang, staging }),
  );
  clock = new FakeClock();
});

/** Enough for whoever does not wait to be done. */
async function turns(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await turn();
}

interface Observed {
  isOver: boolean;
}

function observe(promise: Promise<unknown>): Observed {
  const observed = { isOver: false };
  void promise.then(() => {
    observed.isOver = true;
  });
  return observed;
}

async function* none(): AsyncGenerator<Uint8Array> {}

const at = { sizeBytes: 0, modifiedAt: new Date(0), version: "" };
const CHANGES: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
  write: (driver) => driver.write("a", BYTES, { signal }),
  delete: (driver) => driver.delete("a", { signal }),
  deleteTree: (driver) => driver.deleteTree("a", { signal }),
  create: ({ staging }) => staging.create("a", { signal }),
  append: ({ staging }) => staging.append("a", none(), { signal, at }),
  publish: ({ staging }) => staging.publish("a", "b", { signal, at }),
  discard: ({ staging }) => staging.discard("a", { signal }),
};

describe("runningEffects", () => {
  it.each(Object.entries(CHANGES))("waits for %s, also when it fails", async (_name, change) => {
    const changed = change(effects.driver);
    const ended = effects.ended({ clock, timeoutMs: TIMEOUT_MS });
    const observed = observe(ended);
    await turns();
    expect(observed.isOver).toBe(false);
    hanging.reject(new Error("over"));
    expect(await ended).toBe(0);
    await expect(changed).rejects.toThrow("over");
  });

  it("waits for what a change that ends begins in its turn", async () => {
    const second = Promise.withResolvers<void>();
    const inner = partlyReplaced(new InMemoryDriver(), {
      write: () => hanging.promise,
      delete: () => second.promise,
    });
    const running = runningEffects(inner);
    const { driver } = running;
    void driver.write("a", BYTES, { signal }).catch(async () => {
      for (let hop = 0; hop < 50; hop += 1) await Promise.resolve();
      await driver.delete("a", { signal });
    });
    const ended = running.ended({ clock, timeoutMs: TIMEOUT_MS });
    const observed = observe(ended);
    hanging.reject(new Error("over"));
    await turns();
    expect(observed.isOver).toBe(false);
    second.resolve();
    expect(await ended).toBe(0);
  });

  it("waits no longer than it may", async () => {
    void effects.driver.write("a", BYTES, { signal });
    const ended = effects.ended({ clock, timeoutMs: TIMEOUT_MS });
    await clock.advance(TIMEOUT_MS);
    expect(await ended).toBe(1);
  });

  it("does not wait when nothing is being changed", async () => {
    await effects.driver.stat("a", { signal });
    expect(await effects.ended({ clock, timeoutMs: TIMEOUT_MS })).toBe(0);
    expect(clock.delaysMs).toEqual([]);
  });
});

describe("finishRequests", () => {
  const server = { address: "", drain: () => new Promise<void>(() => undefined) };

  function finish(log: RecordingLogger): {
    readonly ended: Promise<void>;
    readonly told: string[];
  } {
    const told: string[] = [];
    const stopping = new AbortController();
    stopping.signal.addEventListener("abort", () => told.push("aborted"));
    const fake: RunningServer = {
      ...server,
      [Symbol.asyncDispose]: () => Promise.resolve(void told.push("closed")),
    };
    const options = { timeoutMs: TIMEOUT_MS, stopping, effects, log, clock };
    return { ended: finishRequests(fake, options), told };
  }

  it("cuts what runs, then waits for the changes that are being made", async () => {
    const log = new RecordingLogger();
    void effects.driver.write("a", BYTES, { signal }).catch(() => undefined);
    const { ended, told } = finish(log);
    const observed = observe(ended);
    await clock.advance(TIMEOUT_MS);
    await clock.someoneWaits(EFFECTS_END_MS);
    expect([told, observed.isOver]).toEqual([["aborted", "closed"], false]);
    hanging.reject(new Error("over"));
    await ended;
    expect(log.lines).toEqual([]);
  });

  it("tells when a change would not end", async () => {
    const log = new RecordingLogger();
    void effects.driver.write("a", BYTES, { signal });
    const { ended } = finish(log);
    await clock.advance(TIMEOUT_MS);
    await clock.someoneWaits(EFFECTS_END_MS);
    await clock.advance(EFFECTS_END_MS);
    await ended;
    expect(log.lines).toMatchObject([{ level: "warn", fields: { changes: 1 } }]);
  });
});
