import { INCOMING, incomingData, incomingFolder, incomingStartedAt } from "../../content/layout.ts";
import { readStartedAt } from "../../content/upload-purge.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";

/**
 * Removes what began to come in before a moment, has not grown since, and was never finished: its process was
 * killed. What does not say when it began goes by when it last grew.
 */
export async function purgeIncoming(
  driver: StorageDriver,
  { olderThan, signal }: CallOptions & { readonly olderThan: Date },
): Promise<void> {
  for await (const { kind, name } of driver.list(INCOMING, { signal })) {
    if (kind !== "prefix") continue;
    const startedAt = await readStartedAt(driver, incomingStartedAt(name), { signal });
    const staged = await driver.staging.stat(incomingData(name), { signal });
    const moments = [startedAt instanceof Date ? startedAt : undefined, staged?.modifiedAt];
    if (moments.some((moment) => moment !== undefined && moment >= olderThan)) continue;
    await driver.deleteTree(incomingFolder(name), { signal });
  }
}
