import { randomUUID } from "node:crypto";
import { incomingData, incomingFolder, incomingStartedAt } from "../../content/layout.ts";
import type { CallOptions, ObjectInfo, StorageDriver } from "../../storage/storage-driver.ts";

/** An object that has come in, and that nobody sees yet. */
export interface ReceivedObject extends AsyncDisposable {
  readonly sizeBytes: number;
  /**
   * Makes it the object of that key, durably; one that is there already, and as large, stays. Disposing
   * it without gives it up.
   */
  publish(key: string, options: CallOptions): Promise<ObjectInfo>;
}

/** Takes in an object that is too large for memory. @param bytes whatever they fail with is thrown, and nothing is kept. */
export async function receiveObject(
  driver: StorageDriver,
  bytes: AsyncIterable<Uint8Array>,
  { signal }: CallOptions,
): Promise<ReceivedObject> {
  const id = randomUUID();
  const data = incomingData(id);
  const startedAt = Buffer.from(new Date().toISOString());
  await driver.write(incomingStartedAt(id), startedAt, { signal, isVolatile: true });
  const { staging } = driver;
  try {
    const begun = await staging.create(data, { signal });
    const at = await staging.append(data, bytes, { signal, at: begun });
    return {
      sizeBytes: at.sizeBytes,
      publish: (key, options) => staging.publish(data, key, { ...options, at }),
      [Symbol.asyncDispose]: () => tidyUp(driver, id),
    };
  } catch (error) {
    await tidyUp(driver, id);
    throw error;
  }
}

const TIDY_UP_MS = 10_000;

/** What is left after a kill, or when the store is gone, is purged another day. */
async function tidyUp(driver: StorageDriver, id: string): Promise<void> {
  const signal = AbortSignal.timeout(TIDY_UP_MS);
  try {
    await driver.staging.discard(incomingData(id), { signal });
    await driver.deleteTree(incomingFolder(id), { signal, isVolatile: true });
  } catch {}
}
