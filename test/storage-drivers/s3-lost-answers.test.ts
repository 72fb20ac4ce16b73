import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import { calm, collect, inPieces, pattern } from "../contracts/storage-subject.ts";
import { openVersityGateway, s3SettingsFor, type VersityGateway } from "../fixtures/versitygw.ts";
import { describeWithTools } from "../real/tools.ts";
import { type Fate, openFaultyProxy } from "./faulty-proxy.ts";

/** As often as the driver tries. */
const ATTEMPTS = 4;
const MIB = 1024 * 1024;
const STAGED = "r/_uploads/1/data";
const BLOB = "b/ab/data";

describeWithTools(["versitygw"], "S3Driver when answers are lost", () => {
  const server = new AsyncDisposableStack();
  let gateway: VersityGateway;
  beforeAll(async () => {
    gateway = await openVersityGateway(server);
  });
  afterAll(() => server.disposeAsync());

  let resources: AsyncDisposableStack;
  let driver: S3Driver;
  let planned: { readonly matching: RegExp; readonly fate: Fate; times: number } | undefined;
  const plan = (matching: RegExp, fate: Fate, times = 1): void => {
    planned = { matching, fate, times };
  };
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    planned = undefined;
    const endpoint = await openFaultyProxy(resources, {
      target: gateway.endpoint,
      fateOf: (method, path) => {
        if (planned?.matching.test(`${method} ${path}`) !== true || planned.times === 0)
          return "pass";
        planned.times -= 1;
        return planned.fate;
      },
    });
    const settings = s3SettingsFor({ endpoint }, await gateway.newBucket());
    driver = resources.use(await S3Driver.open(settings, calm()));
  });
  afterEach(() => resources.disposeAsync());

  const COMPLETE = /^POST .*[?&]uploadId=/;
  const CASES = [
    { lost: "the first record", matching: /^PUT .*\/_driver\/state/ },
    { lost: "the beginning of the upload", matching: /^POST .*[?&]uploads/ },
    { lost: "a part", matching: /^PUT .*[?&]partNumber=2/ },
    { lost: "a piece of the tail", matching: /^PUT .*\/_driver\/tail-/ },
    { lost: "the joining of the parts", matching: COMPLETE },
    { lost: "the joining, whenever it is tried,", matching: COMPLETE, times: ATTEMPTS },
    { lost: "the copy", matching: /^PUT .*\/b\/ab\/data/ },
    { lost: "the removal", matching: /^POST .*[?&]delete/ },
  ];

  it.each(CASES)(
    "an upload survives that the answer to $lost is lost",
    async ({ matching, times = 1 }) => {
      const whole = pattern(7 * MIB);
      plan(matching, "lose-answer", times);
      const empty = await driver.staging.create(STAGED, calm());
      const bytes = inPieces(whole, MIB);
      const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
      expect(at.sizeBytes).toBe(whole.byteLength);
      await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
      expect(planned?.times).toBe(0);
      expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
    },
  );

  it("a later record whose answer is lost is known again", async () => {
    const empty = await driver.staging.create(STAGED, calm());
    plan(/^PUT .*\/_driver\/state/, "lose-answer");
    const bytes = inPieces(pattern(100), 10);
    const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
    expect(planned?.times).toBe(0);
    expect(await driver.staging.stat(STAGED, calm())).toEqual(at);
  });

  it("a large copy survives that the answer to its joining is lost", async () => {
    const whole = pattern(12 * MIB);
    const empty = await driver.staging.create(STAGED, calm());
    const bytes = inPieces(whole, MIB);
    const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
    plan(/^POST .*\/b\/ab\/data.*uploadId=/, "lose-answer", ATTEMPTS);
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect(planned?.times).toBe(0);
    expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
  });

  it("a success that holds an error is no success, and publish() can be tried again", async () => {
    const whole = pattern(7 * MIB);
    const empty = await driver.staging.create(STAGED, calm());
    const bytes = inPieces(whole, MIB);
    const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
    plan(COMPLETE, "error-in-success", Infinity);
    const publishing = driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    await expect(publishing).rejects.toMatchObject({
      kind: "StorageUnavailable",
      reason: "InternalError",
    });
    expect(await driver.stat(BLOB, calm())).toBeUndefined();
    planned = undefined;
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
  });
});
