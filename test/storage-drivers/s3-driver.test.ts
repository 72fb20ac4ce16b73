import { afterAll, beforeAll } from "vitest";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import { describeStorageDriver } from "../contracts/storage-driver.ts";
import { openVersityGateway, s3SettingsFor, type VersityGateway } from "../fixtures/versitygw.ts";
import { describeWithTools } from "../real/tools.ts";

describeWithTools(["versitygw"], "S3Driver on versitygw", () => {
  const resources = new AsyncDisposableStack();
  let gateway: VersityGateway;
  beforeAll(async () => {
    gateway = await openVersityGateway(resources);
  });
  afterAll(() => resources.disposeAsync());

  describeStorageDriver({
    name: "s3",
    async open(opened) {
      const bucket = await gateway.newBucket();
      const settings = { ...s3SettingsFor(gateway, bucket), rootDirectory: "some/root" };
      const { signal } = new AbortController();
      // Few connections: one that is not given back is missed soon.
      const reopen = async (): Promise<S3Driver> =>
        opened.use(await S3Driver.open(settings, { signal, maxSockets: 8 }));
      return { driver: await reopen(), reopen };
    },
  });
});
