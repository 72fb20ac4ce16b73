import { afterEach, beforeEach, expect, it } from "vitest";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { blobData, PACKS } from "../../../src/content/layout.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { pushBlob } from "../../fixtures/pushing.ts";
import { describeWithTools } from "../../real/tools.ts";
import { gzipLayer, keysBelow } from "../at-rest-store.ts";
import {
  type FaultServer,
  type FaultStore,
  head,
  isBlob,
  openFaultStore,
  pull,
  REPOSITORY,
  startOn,
  stateOf,
} from "./fault-store.ts";

const layer = gzipLayer(50);
const STATE_TIMEOUT_MS = 20_000;

let resources: AsyncDisposableStack;
let store: FaultStore;

async function pushCold(server: FaultServer, bytes: Buffer): Promise<Digest> {
  const digest = await pushBlob(server.origin, REPOSITORY, bytes);
  await becomes(digest, "cold");
  return digest;
}

/** Pushed to a server that is there no more. */
async function goneCold(): Promise<Digest> {
  await using server = await store.start();
  return await pushCold(server, layer);
}

async function becomes(digest: Digest, state: "cold" | "indexed"): Promise<void> {
  await expect.poll(() => stateOf(store, digest), { timeout: STATE_TIMEOUT_MS }).toBe(state);
}

async function pullsRange(server: FaultServer, digest: Digest): Promise<void> {
  const { status, isWhole, body } = await pull(server, digest, "5000-60000");
  expect({ status, isWhole }).toEqual({ status: 206, isWhole: true });
  expect(body.equals(layer.subarray(5000, 60_001))).toBe(true);
}

/** A server with another `barge` section. */
async function startWith(barge: Readonly<Record<string, unknown>>): Promise<FaultServer> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-faults-"))).path;
  const config = join(folder, "config.yml");
  const own = JSON.parse(await readFile(store.config, "utf8")) as object;
  await writeFile(config, JSON.stringify({ ...own, barge }));
  return resources.use(await startOn(config, "s3"));
}

describeWithTools(["versitygw"], "cold blobs on S3", () => {
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    store = await openFaultStore(resources, "s3");
  });
  afterEach(() => resources.disposeAsync());

  it("a blob on S3 gives up its data, is served whole and in part, and gets it back", async () => {
    await using server = await store.start();
    const digest = await pushCold(server, layer);
    expect(await store.driver.stat(blobData(digest), calm())).toBeUndefined();
    expect(await keysBelow(store.driver, PACKS)).toHaveLength(1);
    expect(await head(server, digest)).toBe(200);
    await pullsRange(server, digest);
    expect(await stateOf(store, digest)).toBe("cold");
    expect(isBlob(await pull(server, digest), digest)).toBe(true);
    await becomes(digest, "indexed");
    expect(isBlob(await pull(server, digest), digest)).toBe(true);
  });

  it("what one server made cold is served by another one, whose index does not know the pack", async () => {
    const directory = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-faults-"))).path;
    const dedup = { mode: "at-rest", cold: "1h", threads: 1, diskFloor: 0 };
    const other = await startWith({ dedup, state: { directory } });
    // So that its index is there, and knows nothing.
    const first = await pushBlob(other.origin, REPOSITORY, gzipLayer(51));
    await becomes(first, "indexed");
    const digest = await goneCold();
    expect(await head(other, digest)).toBe(200);
    await pullsRange(other, digest);
    expect(isBlob(await pull(other, digest), digest)).toBe(true);
  });

  it("cold blobs are served without a state directory, where nothing goes cold", async () => {
    const digest = await goneCold();
    const plain = await startWith({ dedup: { mode: "off" } });
    expect(await head(plain, digest)).toBe(200);
    await pullsRange(plain, digest);
    expect(isBlob(await pull(plain, digest), digest)).toBe(true);
    await becomes(digest, "indexed");
  });
});
