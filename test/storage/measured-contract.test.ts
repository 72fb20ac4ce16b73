import { NO_METRICS } from "../../src/observability/metrics.ts";
import { measured } from "../../src/storage/measured-driver.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { describeStorageDriver } from "../contracts/storage-driver.ts";

describeStorageDriver({
  name: "measured inmemory",
  async open(resources) {
    const store = createInMemoryStore();
    const reopen = async (): Promise<StorageDriver> =>
      resources.use(measured(new InMemoryDriver(store), NO_METRICS));
    return { driver: await reopen(), reopen };
  },
});
