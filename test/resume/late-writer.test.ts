import { afterEach, beforeEach, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { openBarge, runBarge, type RunningBarge } from "../fixtures/barge.ts";
import { UploadClient } from "./upload-client.ts";

const MIB = 1024 * 1024;
const TIMEOUT_MS = 60_000;

let resources: AsyncDisposableStack;
let client: UploadClient;
let writer: RunningBarge;
let publisher: RunningBarge;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  client = new UploadClient("team/late");
  writer = await openBarge(resources, { storage: "filesystem" });
  publisher = await openBarge(resources, { storage: "filesystem", config: writer.config });
}, TIMEOUT_MS);
afterEach(() => resources.disposeAsync());

it(
  "a chunk that goes on after another process published the upload changes nothing and is refused",
  { timeout: TIMEOUT_MS },
  async () => {
    const [blob, late] = [pattern(MIB), pattern(MIB, 2)];
    const digest = digestOf(blob);
    await client.begin(writer.origin);
    const held = client.hold(writer.origin, { startBytes: 0, lengthBytes: 2 * MIB });
    await held.send(blob);
    await client.waitForMoreThan(MIB - 1, publisher.origin);
    expect((await client.commit(publisher.origin, digest))?.status).toBe(201);
    await held.send(late);
    const answer = await held.answer;
    expect(answer === undefined || answer.status >= 400).toBe(true);
    expect(await client.pull(writer.origin, digest)).toBe(digest);
    expect(await client.pull(publisher.origin, digest)).toBe(digest);
    const options = ["--config", writer.config, "--deep", "--format", "json"];
    expect(JSON.parse(await runBarge("check", ...options))).toMatchObject({
      violations: [],
      checked: { blobs: 1, uploads: 0 },
    });
  },
);
