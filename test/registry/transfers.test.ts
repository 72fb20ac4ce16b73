/** Bytes on their way: clients that go away, stall or send what nobody wants, and stores that fail. */
import { randomBytes } from "node:crypto";
import { mkdtempDisposable, readdir, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { type Watch, watchedDriver } from "../fakes/watched-driver.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { pushBlob, pushImage } from "../fixtures/pushing.ts";
import {
  plainRequest,
  type RawAnswer,
  RawClosed,
  RawConnection,
  requestHead,
  sendRaw,
} from "../fixtures/raw-http.ts";

/** More than all buffers between two sockets of one machine hold. */
const LARGE_BYTES = 48 * 2 ** 20;
const WAIT = { timeout: 20_000 };

interface Watched extends AsyncDisposable {
  readonly registry: InProcessRegistry;
  readonly watch: Watch;
}

async function openWatched(): Promise<Watched> {
  const { driver, watch } = watchedDriver(new InMemoryDriver());
  const registry = await openRegistry({ driver });
  return { registry, watch, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

async function startUpload(registry: InProcessRegistry): Promise<string> {
  const started = await fetch(new URL("/v2/a/blobs/uploads/", registry.origin), { method: "POST" });
  return new URL(started.headers.get("location") ?? "").pathname;
}

const statusOf = async (registry: InProcessRegistry, path: string): Promise<RawAnswer> =>
  await sendRaw(registry.origin, plainRequest("GET", path));

async function sizeOf(registry: InProcessRegistry, path: string): Promise<number> {
  const last = Number((await statusOf(registry, path)).headers["range"]?.split("-")[1]);
  return last === 0 ? 0 : last + 1;
}

async function waitForRange(
  registry: InProcessRegistry,
  path: string,
  range: string,
): Promise<void> {
  await vi.waitUntil(async () => (await statusOf(registry, path)).headers["range"] === range, WAIT);
}

async function patch(
  registry: InProcessRegistry,
  path: string,
  { range, body }: { readonly range: string; readonly body: string },
): Promise<RawAnswer> {
  const lines = [`Content-Range: ${range}`, `Content-Length: ${body.length}`];
  using connection = await RawConnection.open(registry.origin);
  connection.send(`${requestHead("PATCH", path, lines)}\r\n`, Buffer.from(body, "latin1"));
  return await connection.answer();
}

async function finish(registry: InProcessRegistry, path: string, whole: string): Promise<number> {
  const digest = digestOf(Buffer.from(whole, "latin1"));
  const request = plainRequest("PUT", `${path}?digest=${digest}`, ["Content-Length: 0"]);
  return (await sendRaw(registry.origin, request)).status;
}

describe("a slow reader", () => {
  it("holds the store back, and gets the whole blob in the end", async () => {
    await using open = await openWatched();
    const { registry, watch } = open;
    const bytes = randomBytes(LARGE_BYTES);
    const digest = await pushBlob(registry.origin, "a", bytes);
    watch.readBytes = 0;
    using connection = await RawConnection.open(registry.origin);
    connection.socket.pause();
    connection.send(plainRequest("GET", `/v2/a/blobs/${digest}`));
    await standstill(watch);
    expect(watch.readBytes).toBeGreaterThan(0);
    expect(watch.readBytes).toBeLessThan(LARGE_BYTES / 2);
    connection.socket.resume();
    const { body } = await connection.answer();
    expect(digestOf(body)).toBe(digest);
    expect(watch.openReads).toBe(0);
  });
});

/** Nothing was read for as many turns of the event loop as a transfer of this size never pauses. */
async function standstill(watch: Watch): Promise<void> {
  for (let quiet = 0, before = -1; quiet < 2000; quiet += 1) {
    if (watch.readBytes !== before) quiet = 0;
    before = watch.readBytes;
    await turn();
    if (before === 0) quiet = 0;
  }
}

describe("a client that goes away", () => {
  it("in the middle of a blob leaves no stream open and counts as 499", async () => {
    await using open = await openWatched();
    const { registry, watch } = open;
    const digest = await pushBlob(registry.origin, "a", randomBytes(LARGE_BYTES));
    using connection = await RawConnection.open(registry.origin);
    connection.socket.once("data", () => connection.socket.destroy());
    connection.send(plainRequest("GET", `/v2/a/blobs/${digest}`));
    await vi.waitUntil(() => registry.accessLog.text.includes(`${digest} HTTP/1.1" 499`), WAIT);
    await vi.waitUntil(() => watch.openReads === 0, WAIT);
    expect(registry.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    expect((await statusOf(registry, "/v2/")).status).toBe(200);
  });

  it("in the middle of a chunk leaves no file open, and what arrived is kept", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-away-"));
    const storage = { filesystem: { rootdirectory: folder.path } };
    await using registry = await openRegistry({ sections: { storage } });
    const path = await startUpload(registry);
    const whole = randomBytes(LARGE_BYTES).toString("latin1");
    using connection = await RawConnection.open(registry.origin);
    const head = requestHead("PATCH", path, [`Content-Length: ${LARGE_BYTES}`]);
    connection.send(`${head}\r\n`, Buffer.from(whole.slice(0, LARGE_BYTES / 2), "latin1"));
    await vi.waitUntil(async () => (await sizeOf(registry, path)) > 0, WAIT);
    connection.socket.resetAndDestroy();
    await vi.waitUntil(() => registry.accessLog.text.includes(`${path} HTTP/1.1" 499`), WAIT);
    await vi.waitUntil(async () => (await openFilesBelow(folder.path)).length === 0, WAIT);
    const size = await sizeOf(registry, path);
    expect(size).toBeLessThanOrEqual(LARGE_BYTES / 2);
    const rest = { range: `${size}-${LARGE_BYTES - 1}`, body: whole.slice(size) };
    expect((await patch(registry, path, rest)).status).toBe(202);
    expect(await finish(registry, path, whole)).toBe(201);
  });

  it("before a chunk's announced end never completes an upload", async () => {
    await using registry = await openRegistry();
    const digest = digestOf(Buffer.from("first"));
    for (const length of ["Content-Length: 6", "Transfer-Encoding: chunked"]) {
      const body = length.startsWith("C") ? "first" : "5\r\nfirst\r\n";
      using connection = await RawConnection.open(registry.origin);
      const head = requestHead("POST", `/v2/a/blobs/uploads/?digest=${digest}`, [length]);
      connection.send(`${head}\r\n${body}`);
      connection.socket.end();
      await connection.closed();
    }
    await vi.waitUntil(() => registry.accessLog.text.match(/ 499 /g)?.length === 2, WAIT);
    expect((await statusOf(registry, `/v2/a/blobs/${digest}`)).status).toBe(404);
  });
});

/** Of this process; where the system does not tell, none. */
async function openFilesBelow(folder: string): Promise<readonly string[]> {
  const all = await readdir("/proc/self/fd").catch(() => []);
  const files = await Promise.all(all.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return files.filter((file) => file.startsWith(folder));
}

describe("two requests for one upload", () => {
  it("a newer chunk ends an older one that is stuck, and the digest is right", async () => {
    await using registry = await openRegistry();
    const path = await startUpload(registry);
    using stuck = await RawConnection.open(registry.origin);
    stuck.send(`${requestHead("PATCH", path, ["Transfer-Encoding: chunked"])}\r\n5\r\nfirst\r\n`);
    await waitForRange(registry, path, "0-4");
    const taken = await patch(registry, path, { range: "5-9", body: "later" });
    expect([taken.status, taken.headers["range"]]).toEqual([202, "0-9"]);
    const ended = await stuck.answer();
    expect(ended.status).toBe(409);
    expect(ended.body.toString()).toContain('"BLOB_UPLOAD_INVALID"');
    expect(await finish(registry, path, "firstlater")).toBe(201);
  });

  it("a finish with the last bytes ends a chunk that is stuck", async () => {
    await using registry = await openRegistry();
    const path = await startUpload(registry);
    using stuck = await RawConnection.open(registry.origin);
    stuck.send(`${requestHead("PATCH", path, ["Content-Length: 100"])}\r\nfirst`);
    await waitForRange(registry, path, "0-4");
    expect(await finish(registry, path, "first")).toBe(201);
    expect((await stuck.answer()).status).toBe(409);
  });

  it("a cancel ends a chunk that is stuck", async () => {
    await using registry = await openRegistry();
    const path = await startUpload(registry);
    using stuck = await RawConnection.open(registry.origin);
    stuck.send(`${requestHead("PATCH", path, ["Content-Length: 100"])}\r\nfirst`);
    await waitForRange(registry, path, "0-4");
    const cancelled = await sendRaw(registry.origin, plainRequest("DELETE", path));
    expect([cancelled.status, (await stuck.answer()).status]).toEqual([204, 409]);
    expect((await statusOf(registry, path)).status).toBe(404);
  });
});

describe("a body that is refused before it has arrived", () => {
  it("does not keep the client from its answer, nor from its next request", async () => {
    await using registry = await openRegistry();
    for (const [method, target] of [
      ["POST", "/v2/UPPER/blobs/uploads/"],
      ["PUT", "/v2/a/manifests/x"],
      ["PATCH", "/v2/a/blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
    ] as const) {
      using connection = await RawConnection.open(registry.origin);
      connection.send(`${requestHead(method, target, [`Content-Length: ${LARGE_BYTES}`])}\r\n`);
      expect((await connection.answer()).status).toBeGreaterThanOrEqual(400);
      connection.send(Buffer.alloc(LARGE_BYTES), plainRequest("GET", "/v2/"));
      expect((await connection.answer()).body.toString()).toBe("{}");
    }
  });

  it("is not waited for without end", async () => {
    await using registry = await openRegistry();
    using connection = await RawConnection.open(registry.origin);
    const head = requestHead("POST", "/v2/UPPER/blobs/uploads/", ["Content-Length: 1000000000"]);
    connection.send(`${head}\r\nbeginning`);
    expect((await connection.answer()).status).toBe(400);
    await connection.closed();
  });
});

describe("a store that fails", () => {
  const failure = new StorageUnavailable("secret-path is gone", { reason: "EIO" });

  it("before the first byte is answered 503 without its reasons", async () => {
    await using open = await openWatched();
    const { registry, watch } = open;
    const { layer } = await pushImage(registry.origin, "a");
    watch.onChunk = () => {
      throw failure;
    };
    const { status, headers, body } = await statusOf(registry, `/v2/a/blobs/${layer.digest}`);
    expect([status, headers["retry-after"]]).toEqual([503, "5"]);
    expect(body.toString()).toContain('"UNAVAILABLE"');
    expect(body.toString()).not.toContain("secret-path");
    expect(registry.log.lines.some(({ fields }) => fields["err"] === failure)).toBe(true);
  });

  it("in the middle of a blob cuts the connection, so that nobody takes a part for the whole", async () => {
    await using open = await openWatched();
    const { registry, watch } = open;
    const digest = await pushBlob(registry.origin, "a", randomBytes(LARGE_BYTES));
    watch.readBytes = 0;
    watch.onChunk = () => {
      if (watch.readBytes > LARGE_BYTES / 2) throw failure;
    };
    using connection = await RawConnection.open(registry.origin);
    connection.send(plainRequest("GET", `/v2/a/blobs/${digest}`));
    await expect(connection.answer()).rejects.toBeInstanceOf(RawClosed);
    watch.onChunk = () => undefined;
    expect((await statusOf(registry, `/v2/a/blobs/${digest}`)).body.length).toBe(LARGE_BYTES);
  });
});
