/** The drivers that exist. `src/app/` is the only importer. */
import type { StorageDriverConfig } from "../src/config/config.ts";
import type { CallOptions, StorageDriver } from "../src/storage/storage-driver.ts";

/**
 * Opens the driver that the configuration names; only that one is loaded. The caller disposes it.
 * @throws {StorageUnavailable} when the store cannot be used, with a message for the operator.
 */
export async function openStorageDriver(
  config: StorageDriverConfig,
  { signal }: CallOptions,
): Promise<StorageDriver> {
  signal.throwIfAborted();
  switch (config.name) {
    case "filesystem": {
      const { FilesystemDriver } = await import("./filesystem/filesystem-driver.ts");
      return await FilesystemDriver.open(config);
    }
    case "inmemory": {
      const { InMemoryDriver } = await import("./inmemory/inmemory-driver.ts");
      return new InMemoryDriver();
    }
    case "s3": {
      const { S3Driver } = await import("./s3/s3-driver.ts");
      return await S3Driver.open(config, { signal });
    }
  }
}
