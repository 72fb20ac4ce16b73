/** The end of a server: what runs may finish within `http.draintimeout`, and nothing begins any more. */
import { randomBytes } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startServer } from "../../src/app/http-server.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { openServed, type ServedRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, RawConnection, requestHead, sendRaw } from "../fixtures/raw-http.ts";

/** More than all buffers between two sockets of one machine hold. */
const LARGE_BYTES = 32 * 2 ** 20;
const WHOLE = "firstlater";

const http = (draintimeout: string): Readonly<Record<string, unknown>> => ({
  http: { addr: "127.0.0.1:0", draintimeout },
});

interface RunningUpload extends Disposable {
  readonly path: string;
  readonly connection: RawConnection;
}

/** An upload whose chunk has begun: the server waits for the second half of it. */
async function beginChunk({ address }: ServedRegistry): Promise<RunningUpload> {
  const started = await fetch(new URL("/v2/a/blobs/uploads/", address), { method: "POST" });
  const path = new URL(started.headers.get("location") ?? "").pathname;
  const connection = await RawConnection.open(new URL(address));
  const lines = [`Content-Length: ${WHOLE.length}`, "Expect: 100-continue"];
  connection.send(`${requestHead("PATCH", path, lines)}\r\n`);
  await connection.continued();
  connection.send(WHOLE.slice(0, 5));
  return { path, connection, [Symbol.dispose]: () => connection[Symbol.dispose]() };
}

interface RunningReader extends Disposable {
  readonly digest: string;
  readonly connection: RawConnection;
}

/** A reader that has the beginning of a blob and has stopped reading. */
async function beginBlob(served: ServedRegistry, sizeBytes: number): Promise<RunningReader> {
  const address = new URL(served.address);
  const bytes = randomBytes(sizeBytes);
  const digest = digestOf(bytes);
  const push = requestHead("POST", `/v2/a/blobs/uploads/?digest=${digest}`, [
    `Content-Length: ${sizeBytes}`,
  ]);
  const connection = await RawConnection.open(address);
  connection.send(`${push}\r\n`, bytes);
  expect((await connection.answer()).status).toBe(201);
  const { promise: hasBegun, resolve } = Promise.withResolvers<void>();
  connection.socket.once("data", () => {
    connection.socket.pause();
    resolve();
  });
  connection.send(plainRequest("GET", `/v2/a/blobs/${digest}`));
  await hasBegun;
  return { digest, connection, [Symbol.dispose]: () => connection[Symbol.dispose]() };
}

/** Stops it; resolves once it takes no new connections. */
async function beginStop(served: ServedRegistry): Promise<{ readonly ended: Promise<void> }> {
  const ended = served.stop();
  for (;;) {
    const isRefused = await RawConnection.open(new URL(served.address)).then(
      (connection) => {
        connection[Symbol.dispose]();
        return false;
      },
      (error: unknown) =>
        error instanceof Error && "code" in error && error.code === "ECONNREFUSED",
    );
    if (isRefused) return { ended };
    await turn();
  }
}

describe("with a draintimeout", () => {
  it("a chunk that arrives is finished, idle connections end, and new ones are refused", async () => {
    await using served = await openServed(http("20s"));
    using idle = await RawConnection.open(new URL(served.address));
    idle.send(plainRequest("GET", "/v2/"));
    expect((await idle.answer()).status).toBe(200);
    using upload = await beginChunk(served);
    const { ended } = await beginStop(served);
    await idle.closed();
    upload.connection.send(WHOLE.slice(5));
    const { status, headers } = await upload.connection.answer();
    expect([status, headers["range"]]).toEqual([202, "0-9"]);
    await ended;
    await upload.connection.closed();
  });

  it.each([64 * 1024, LARGE_BYTES])(
    "a blob of %d bytes that leaves is finished",
    async (sizeBytes) => {
      await using served = await openServed(http("20s"));
      using reader = await beginBlob(served, sizeBytes);
      const { ended } = await beginStop(served);
      reader.connection.socket.resume();
      expect(digestOf((await reader.connection.answer()).body)).toBe(reader.digest);
      await ended;
    },
  );

  it("a blob that leaves by TLS is finished", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-stop-"));
    const tls = await writeCertificate(folder.path, "registry.test");
    const listen = { addr: "127.0.0.1:0", draintimeout: "20s", tls };
    await using served = await openServed({ http: listen });
    using reader = await beginBlob(served, LARGE_BYTES);
    const { ended } = await beginStop(served);
    reader.connection.socket.resume();
    expect(digestOf((await reader.connection.answer()).body)).toBe(reader.digest);
    await ended;
  });

  it("an answer that is handed over but still unsent is sent to its end", async () => {
    const listen = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const { promise: isHandedOver, resolve } = Promise.withResolvers<void>();
    await using server = await startServer({
      listen,
      tls: undefined,
      log: new RecordingLogger(),
      listener: (_incoming, outgoing) => {
        outgoing.end(Buffer.alloc(LARGE_BYTES));
        resolve();
      },
    });
    using connection = await RawConnection.open(new URL(server.address));
    connection.socket.pause();
    connection.send(plainRequest("GET", "/"));
    await isHandedOver;
    const drained = server.drain();
    connection.socket.resume();
    expect((await connection.answer()).body.length).toBe(LARGE_BYTES);
    await drained;
  });

  it("what goes on for longer is cut", async () => {
    await using served = await openServed(http("20ms"));
    using upload = await beginChunk(served);
    const { ended } = await beginStop(served);
    await upload.connection.closed();
    await ended;
  });
});

describe("without a draintimeout", () => {
  it("a chunk is cut, and the upload goes on with the next server", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-stop-"));
    const storage = { storage: { filesystem: { rootdirectory: folder.path } } };
    const path = await (async () => {
      await using served = await openServed({ ...storage, ...http("0s") });
      using upload = await beginChunk(served);
      await served.stop();
      await upload.connection.closed();
      return upload.path;
    })();
    await using next = await openServed({ ...storage, ...http("0s") });
    const address = new URL(next.address);
    const { status, headers } = await sendRaw(address, plainRequest("GET", path));
    expect(status).toBe(204);
    const sizeBytes = headers["range"] === "0-4" ? 5 : 0;
    const url = new URL(`${path}?digest=${digestOf(Buffer.from(WHOLE))}`, address);
    const finished = await fetch(url, { method: "PUT", body: WHOLE.slice(sizeBytes) });
    expect(finished.status).toBe(201);
  });

  it("a blob is cut, and its reader sees that it is not whole", async () => {
    await using served = await openServed(http("0s"));
    using reader = await beginBlob(served, LARGE_BYTES);
    await served.stop();
    reader.connection.socket.resume();
    await expect(reader.connection.answer()).rejects.toHaveProperty("kind", "RawClosed");
  });
});

it("a server that nobody uses ends at once, whatever its draintimeout", async () => {
  await using served = await openServed(http("1h"));
  using idle = await RawConnection.open(new URL(served.address));
  await served.stop();
  await idle.closed();
});
