/** The drivers that exist. `src/app/` is the only importer. */
import type { StorageDriverConfig } from "../src/config/config.ts";
import type { CallOptions, StorageDriver } from "../src/storage/storage-driver.ts";

/** Each driver is loaded only when it is used. The caller disposes what it gets. */
export async function openStorageDriver(
  config: StorageDriverConfig,
  _options: CallOptions,
): Promise<StorageDriver> {
  switch (config.name) {
    case "filesystem": {
      const { FilesystemDriver } = await import("./filesystem/filesystem-driver.ts");
      return await FilesystemDriver.open(config);
    }
    case "inmemory": {
      const { InMemoryDriver } = await import("./inmemory/inmemory-driver.ts");
      return new InMemoryDriver();
    }
    case "s3":
      throw new Error("not yet");
  }
}
