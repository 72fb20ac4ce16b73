import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { describeStorageDriver } from "../contracts/storage-driver.ts";

describeStorageDriver({
  name: "inmemory",
  async open(resources) {
    const store = createInMemoryStore();
    const reopen = async (): Promise<InMemoryDriver> => resources.use(new InMemoryDriver(store));
    return { driver: await reopen(), reopen };
  },
});
