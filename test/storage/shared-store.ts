/** A store that several processes hold by records, and a clock for them. */
import { setImmediate } from "node:timers/promises";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import type { HeldStore, StoreRole } from "../../src/storage/store-holder.ts";
import { holdStore } from "../../src/storage/store-lock.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const signal = new AbortController().signal;
const log = new RecordingLogger();

/** A store of many processes that knows neither files nor locks. */
export function sharedDriver(): StorageDriver {
  return partlyReplaced(new InMemoryDriver(), { name: "s3" });
}

export function sharedStore(): {
  readonly clock: FakeClock;
  readonly driver: StorageDriver;
  readonly hold: (role: StoreRole) => Promise<HeldStore>;
} {
  const clock = new FakeClock();
  const driver = sharedDriver();
  return { clock, driver, hold: (role) => holdStore({ driver, role, log, clock, signal }) };
}

/** In steps, so that everything that waits for a step has been done before the next. */
export async function advance(clock: FakeClock, ms: number): Promise<void> {
  await setImmediate();
  for (let passedMs = 0; passedMs < ms; passedMs += 10_000) {
    await clock.advance(10_000);
    await setImmediate();
  }
}

export function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "held",
    (error: unknown) => error,
  );
}

export async function leaveRecord(driver: StorageDriver, folder: string): Promise<void> {
  const record = '{"role":"server","pid":1,"host":"gone","startedAt":"2026-01-01T00:00:00Z"}\n7\n';
  await driver.write(`barge/leases/${folder}/of-a-dead-process`, Buffer.from(record), { signal });
}

export async function recordsOf(driver: StorageDriver): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const folder of ["barge/leases/servers", "barge/leases/collectors"]) {
    for await (const { name } of driver.list(folder, { signal })) keys.push(`${folder}/${name}`);
  }
  return keys;
}

export async function recordTexts(driver: StorageDriver): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const key of await recordsOf(driver)) {
    texts.push(Buffer.concat(await Array.fromAsync(driver.read(key, { signal }))).toString());
  }
  return texts;
}
