/** A server with more to do than it may take on, over real connections. */
import { randomBytes } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { MOST_HELD, OverloadGuard, type OverloadOptions } from "../../src/app/overload-guard.ts";
import type { Limits } from "../../src/app/overload.ts";
import type { RefusalReason } from "../../src/observability/metrics.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, RawConnection, requestHead } from "../fixtures/raw-http.ts";

const WAIT = { timeout: 20_000 };
const NONE: Limits = { connections: 10_000, bufferedBytes: 2 ** 40, memoryBytes: 2 ** 40 };
const CATALOG = plainRequest("GET", "/v2/_catalog");
const PING = plainRequest("GET", "/v2/");
/** More than all buffers between two sockets of one machine hold. */
const LARGE_BYTES = 32 * 2 ** 20;

interface Loaded extends AsyncDisposable {
  readonly registry: InProcessRegistry;
  readonly log: RecordingLogger;
  readonly refused: readonly RefusalReason[];
  /** What the process is said to use. */
  memoryBytes: number;
  connect(): Promise<RawConnection>;
}

async function openLoaded(
  limits: Partial<Limits>,
  options: Partial<OverloadOptions> & { readonly http?: object } = {},
): Promise<Loaded> {
  await using resources = new AsyncDisposableStack();
  const log = new RecordingLogger();
  const refused: RefusalReason[] = [];
  const state = { memoryBytes: 0 };
  const overload = resources.use(
    new OverloadGuard({
      limits: { ...NONE, ...limits },
      log,
      metrics: { refused: (reason) => refused.push(reason) },
      sampleMs: 1,
      residentBytes: () => state.memoryBytes,
      ...options,
    }),
  );
  const http = { addr: "127.0.0.1:0", ...options.http };
  const registry = resources.use(await openRegistry({ overload, sections: { http } }));
  const owned = resources.move();
  const connect = async (): Promise<RawConnection> => {
    const connection = await RawConnection.open(registry.origin);
    owned.use(connection);
    return connection;
  };
  return Object.assign(state, {
    registry,
    log,
    refused,
    connect,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  });
}

async function statusOn(connection: RawConnection, request = CATALOG): Promise<number> {
  connection.send(request);
  return (await connection.answer()).status;
}

/** Asks again and again, as a client does that was told to come back. */
async function untilTaken(loaded: Loaded): Promise<void> {
  const isTaken = async (): Promise<boolean> => {
    using connection = await loaded.connect();
    return (await statusOn(connection).catch(() => 0)) === 200;
  };
  await vi.waitUntil(isTaken, WAIT);
}

/** The same until it is refused: a measurement comes in between. */
async function untilRefused(loaded: Loaded): Promise<void> {
  const isRefused = async (): Promise<boolean> => {
    using connection = await loaded.connect();
    return (await statusOn(connection)) === 503;
  };
  await vi.waitUntil(isRefused, WAIT);
}

describe("with all connections taken", () => {
  it("one more is answered 503 and closed, and those that are there go on", async () => {
    await using loaded = await openLoaded({ connections: 2 });
    const [first, second] = [await loaded.connect(), await loaded.connect()];
    expect([await statusOn(first), await statusOn(second)]).toEqual([200, 200]);
    const third = await loaded.connect();
    third.send(CATALOG);
    const { status, headers, body } = await third.answer();
    expect([status, headers["retry-after"], headers["connection"]]).toEqual([503, "5", "close"]);
    expect(JSON.parse(body.toString())).toMatchObject({ errors: [{ code: "UNAVAILABLE" }] });
    await third.closed();
    expect([await statusOn(first), await statusOn(second)]).toEqual([200, 200]);
    expect(loaded.refused).toEqual(["connections"]);
    expect(loaded.log.lines).toMatchObject([{ level: "warn", fields: { times: 1 } }]);
  });

  it("a new one is served as soon as another has closed", async () => {
    await using loaded = await openLoaded({ connections: 1 });
    const first = await loaded.connect();
    expect(await statusOn(first)).toBe(200);
    await untilRefused(loaded);
    first[Symbol.dispose]();
    await untilTaken(loaded);
  });

  it("one that waits is served when there is room before it asks", async () => {
    await using loaded = await openLoaded({ connections: 2 });
    const [first, other] = [await loaded.connect(), await loaded.connect()];
    expect([await statusOn(first), await statusOn(other)]).toEqual([200, 200]);
    const waiting = await loaded.connect();
    await untilRefused(loaded);
    first.send(plainRequest("GET", "/v2/", ["Connection: close"]));
    await first.closed();
    // Each answer is a turn of the server: it knows then that the first one has closed.
    for (let turn = 0; turn < 5; turn += 1) expect(await statusOn(other)).toBe(200);
    expect([await statusOn(waiting), await statusOn(waiting)]).toEqual([200, 200]);
    expect(await statusOn(await loaded.connect())).toBe(503);
  });

  it("one that says nothing is closed after a while", async () => {
    await using loaded = await openLoaded({ connections: 1 }, { holdMs: 5 });
    const first = await loaded.connect();
    expect(await statusOn(first)).toBe(200);
    const silent = await loaded.connect();
    await silent.closed();
    expect(await statusOn(first)).toBe(200);
  });

  it("far too many are closed without a word, and that is logged once", async () => {
    await using loaded = await openLoaded({ connections: 1 });
    const first = await loaded.connect();
    expect(await statusOn(first)).toBe(200);
    for (let held = 0; held < MOST_HELD; held += 1) await loaded.connect();
    for (let more = 0; more < 3; more += 1) await (await loaded.connect()).closed();
    await vi.waitUntil(() => loaded.refused.length === 3, WAIT);
    expect(new Set(loaded.refused)).toEqual(new Set(["dropped"]));
    expect(loaded.log.lines.map(({ level }) => level)).toEqual(["warn"]);
    expect(await statusOn(first)).toBe(200);
  });

  it("one more over TLS is answered 503 too", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-overload-"));
    const tls = await writeCertificate(folder.path, "registry.test");
    await using loaded = await openLoaded({ connections: 1 }, { http: { tls } });
    expect(await statusOn(await loaded.connect())).toBe(200);
    expect(await statusOn(await loaded.connect())).toBe(503);
  });
});

describe("with much waiting in memory", () => {
  it("new requests are refused until slow readers have taken their answers", async () => {
    await using loaded = await openLoaded({ bufferedBytes: 10_000 });
    const bytes = randomBytes(LARGE_BYTES);
    const digest = digestOf(bytes);
    const reader = await loaded.connect();
    const push = requestHead("POST", `/v2/a/blobs/uploads/?digest=${digest}`, [
      `Content-Length: ${LARGE_BYTES}`,
    ]);
    // Alone it may be larger than what may wait.
    reader.send(`${push}\r\n`, bytes);
    expect((await reader.answer()).status).toBe(201);
    reader.socket.pause();
    reader.send(plainRequest("GET", `/v2/a/blobs/${digest}`));
    await untilRefused(loaded);
    expect(loaded.refused).toContain("buffered");
    expect(await statusOn(await loaded.connect(), PING)).toBe(200);
    reader.socket.resume();
    expect(digestOf((await reader.answer()).body)).toBe(digest);
    await untilTaken(loaded);
  });

  it("a client whose large body is refused reads the answer, whatever it still sends", async () => {
    await using loaded = await openLoaded({ bufferedBytes: 10_000 });
    await beginChunk(loaded, 9000);
    const connection = await loaded.connect();
    const target = `/v2/a/blobs/uploads/?digest=${digestOf(Buffer.alloc(0))}`;
    const head = requestHead("POST", target, [`Content-Length: ${LARGE_BYTES}`]);
    connection.socket.pause();
    connection.send(`${head}\r\n`, Buffer.alloc(LARGE_BYTES));
    // It looks for the answer only when all of its body is out.
    await vi.waitUntil(() => connection.socket.writableLength === 0, WAIT);
    connection.socket.resume();
    expect((await connection.answer()).status).toBe(503);
  });

  it("an upload that runs is finished while a new body is refused, and the end of one is taken", async () => {
    await using loaded = await openLoaded({ bufferedBytes: 10_000 });
    const { path, connection: upload } = await beginChunk(loaded, 9000);
    const other = await loaded.connect();
    const manifest = requestHead("PUT", "/v2/a/manifests/x", ["Content-Length: 2000"]);
    other.send(`${manifest}\r\n`, Buffer.alloc(2000));
    expect((await other.answer()).status).toBe(503);
    const empty = await beginUpload(loaded);
    const end = plainRequest("PUT", `${empty}?digest=${digestOf(Buffer.alloc(0))}`, [
      "Content-Length: 0",
    ]);
    expect(await statusOn(await loaded.connect(), end)).toBe(201);
    const bytes = randomBytes(9000);
    upload.send(bytes);
    expect((await upload.answer()).status).toBe(202);
    const commit = plainRequest("PUT", `${path}?digest=${digestOf(bytes)}`, ["Content-Length: 0"]);
    expect(await statusOn(upload, commit)).toBe(201);
    expect(await statusOn(await loaded.connect(), `${manifest}\r\n${" ".repeat(2000)}`)).toBe(400);
  });
});

/** A chunk of which the server has only the head. */
async function beginChunk(
  loaded: Loaded,
  sizeBytes: number,
): Promise<{ readonly path: string; readonly connection: RawConnection }> {
  const path = await beginUpload(loaded);
  const connection = await loaded.connect();
  const lines = [`Content-Length: ${sizeBytes}`, "Expect: 100-continue"];
  connection.send(`${requestHead("PATCH", path, lines)}\r\n`);
  await connection.continued();
  return { path, connection };
}

async function beginUpload({ registry }: Loaded): Promise<string> {
  const started = await fetch(new URL("/v2/a/blobs/uploads/", registry.origin), { method: "POST" });
  return new URL(started.headers.get("location") ?? "").pathname;
}

describe("with its memory used up", () => {
  it("new requests are refused while others run, and taken when there is room again", async () => {
    await using loaded = await openLoaded({ memoryBytes: 1000 });
    const uploads = await Promise.all(Array.from({ length: 8 }, async () => beginChunk(loaded, 5)));
    loaded.memoryBytes = 1001;
    await untilRefused(loaded);
    expect(loaded.refused.at(-1)).toBe("memory");
    expect(await statusOn(await loaded.connect(), PING)).toBe(200);
    for (const { connection } of uploads) {
      connection.send("bytes");
      expect((await connection.answer()).status).toBe(202);
    }
    // Nothing runs any more: what the process still uses is its own matter.
    await untilTaken(loaded);
    loaded.memoryBytes = 1000;
    await untilTaken(loaded);
  });
});
