/** Cold blobs over HTTP: what a client sees is what it sees of any blob. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRegistryApp } from "../../src/app/registry-app.ts";
import { startServer } from "../../src/app/http-server.ts";
import { OPEN_ACCESS } from "../../src/auth/open-access.ts";
import { blobData, layerLink, quarantinedRecipe } from "../../src/content/layout.ts";
import { ColdReader } from "../../src/dedup/cold/cold-reader.ts";
import { NO_METRICS } from "../../src/observability/metrics.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { APP, OTHER } from "../content/images.ts";
import { calm, collect } from "../contracts/storage-subject.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { configOf } from "../fixtures/in-process-registry.ts";
import {
  type AtRest,
  damagePacks,
  openAtRest,
  plainBlob,
  plantCold,
  PATIENTLY,
} from "./at-rest-store.ts";

const BLOB = plainBlob(50);
const SIZE = BLOB.length;

describe("a cold blob over HTTP", PATIENTLY, () => {
  let store: AtRest;
  let reader: ColdReader;
  let origin: string;
  let digest: Digest;
  let etag: string;
  const resources = new AsyncDisposableStack();

  beforeAll(async () => {
    store = resources.use(await openAtRest());
    const { driver, shop, log } = store;
    const stopping = calm().signal;
    reader = new ColdReader({
      driver,
      recipes: shop.recipes,
      tools: async () => shop,
      onUse: () => undefined,
      mayWrite: true,
      log,
      stopping,
    });
    const config = await configOf();
    const { listener } = await createRegistryApp(config, {
      driver,
      log,
      metrics: NO_METRICS,
      stopping,
      health: { failures: () => ({}) },
      accessLog: undefined,
      hashing: INLINE_HASHING,
      cold: reader,
      access: OPEN_ACCESS,
    });
    const { listen, tls } = config.http;
    const server = resources.use(await startServer({ listen, tls, listener, log }));
    origin = server.address;
    digest = await plantCold(store, BLOB);
    await driver.write(layerLink(APP, digest), Buffer.from(digest), calm());
    etag = `"${digest}"`;
  });
  afterAll(() => resources.disposeAsync());
  beforeEach(async () => {
    await reader.ended();
    await store.driver.delete(blobData(digest), calm());
  });

  function ask(headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
    return fetch(`${origin.replace(/\/$/, "")}/v2/${APP}/blobs/${digest}`, { method, headers });
  }

  async function bodyOf(response: Response): Promise<Buffer> {
    return Buffer.from(await response.arrayBuffer());
  }

  it("answers HEAD with size and digest, and makes nothing", async () => {
    const { status, headers } = await ask({}, "HEAD");
    expect(status).toBe(200);
    expect(headers.get("content-length")).toBe(String(SIZE));
    expect(headers.get("docker-content-digest")).toBe(digest);
    expect(headers.get("etag")).toBe(etag);
    await reader.ended();
    expect(await store.driver.stat(blobData(digest), calm())).toBeUndefined();
  });

  it("answers GET with all of it, after which it is data, and the same answer comes", async () => {
    for (const isHot of [false, true]) {
      expect((await store.driver.stat(blobData(digest), calm())) !== undefined).toBe(isHot);
      const response = await ask();
      expect(response.status).toBe(200);
      expect(response.headers.get("content-length")).toBe(String(SIZE));
      expect(response.headers.get("docker-content-digest")).toBe(digest);
      expect(response.headers.get("etag")).toBe(etag);
      expect((await bodyOf(response)).equals(BLOB)).toBe(true);
      await reader.ended();
    }
    const data = await collect(store.driver.read(blobData(digest), calm()));
    expect(data.equals(BLOB)).toBe(true);
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=1000-70000", 1000, 70_001],
    ["bytes=-5", SIZE - 5, SIZE],
    [`bytes=${SIZE - 10}-`, SIZE - 10, SIZE],
    [`bytes=100-${SIZE * 2}`, 100, SIZE],
  ])("answers %s with that range", async (range, start, end) => {
    const response = await ask({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${SIZE}`);
    expect((await bodyOf(response)).equals(BLOB.subarray(start, end))).toBe(true);
  });

  it("answers several ranges as parts, each right", async () => {
    const response = await ask({ range: "bytes=0-9,50000-50009,-10" });
    expect(response.status).toBe(206);
    const type = response.headers.get("content-type") ?? "";
    expect(type).toMatch(/^multipart\/byteranges; ?boundary=/);
    const body = await bodyOf(response);
    for (const at of [0, 50_000, SIZE - 10]) {
      const head = body.indexOf(`bytes ${at}-${at + 9}/${SIZE}`);
      expect(head).toBeGreaterThan(0);
      const from = body.indexOf("\r\n\r\n", head) + 4;
      expect(body.subarray(from, from + 10).equals(BLOB.subarray(at, at + 10))).toBe(true);
    }
  });

  it("answers 416 for a range beyond its end", async () => {
    const response = await ask({ range: `bytes=${SIZE}-` });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe(`bytes */${SIZE}`);
  });

  it("heeds If-Range and If-None-Match", async () => {
    const range = "bytes=5-9";
    expect((await ask({ range, "if-range": etag })).status).toBe(206);
    const other = await ask({ range, "if-range": `"sha256:${"0".repeat(64)}"` });
    expect(other.status).toBe(200);
    expect((await bodyOf(other)).equals(BLOB)).toBe(true);
    expect((await ask({ "if-none-match": etag })).status).toBe(304);
  });

  it("is mounted into another repository", async () => {
    const path = `/v2/${OTHER}/blobs/uploads/?mount=${digest}&from=${APP}`;
    const mounted = await fetch(`${origin.replace(/\/$/, "")}${path}`, { method: "POST" });
    expect(mounted.status).toBe(201);
    expect(mounted.headers.get("docker-content-digest")).toBe(digest);
    expect(await store.driver.stat(blobData(digest), calm())).toBeUndefined();
  });

  it("is answered to several clients at once", async () => {
    const bodies = await Promise.all(Array.from({ length: 8 }, async () => bodyOf(await ask())));
    for (const body of bodies) expect(body.equals(BLOB)).toBe(true);
  });

  it("never answers all of it when it cannot be made, and is then unknown", async () => {
    const seed = plainBlob(51);
    const broken = await plantCold(store, seed);
    await store.driver.write(layerLink(APP, broken), Buffer.from(broken), calm());
    await damagePacks(store.driver);
    const url = `${origin.replace(/\/$/, "")}/v2/${APP}/blobs/${broken}`;
    const gotten = await fetch(url).then(
      async (response) => (response.ok ? await bodyOf(response) : Buffer.of()),
      () => Buffer.of(),
    );
    expect(gotten.equals(seed)).toBe(false);
    expect(await store.driver.stat(quarantinedRecipe(broken), calm())).toBeDefined();
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(404);
  });
});
