/** Clients that stop: what is cut, when, and what is not. Time is what the test says it is. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { Connections } from "../../src/app/connections.ts";
import { startServer } from "../../src/app/http-server.ts";
import {
  bytesMoved,
  enforceProgress,
  LEAST_BYTES,
  PROGRESS_WINDOW_MS,
  ProgressRule,
  type ProgressOptions,
} from "../../src/app/progress-rule.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { plainRequest, RawConnection, requestHead } from "../fixtures/raw-http.ts";

const WAIT = { timeout: 20_000 };
/** More than all buffers between two sockets of one machine hold. */
const LARGE_BYTES = 32 * 2 ** 20;
const UPLOAD = `${requestHead("PATCH", "/upload", ["Content-Length: 1000000"])}\r\n`;

interface Running extends AsyncDisposable {
  readonly rule: ProgressRule;
  readonly log: RecordingLogger;
  readonly connection: RawConnection;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** What the kernel is said to hold of the connection. */
  queuedBytes: number | undefined;
}

/** One request that runs since time 0; its body is read unless the test does not want that. */
async function running(
  bytes: string,
  options: Partial<ProgressOptions> & { readonly reads?: boolean } = {},
): Promise<Running> {
  await using resources = new AsyncDisposableStack();
  const log = new RecordingLogger();
  const queues: { queuedBytes: number | undefined } = { queuedBytes: undefined };
  const readSendQueues = (sockets: readonly Socket[]): Promise<Map<Socket, number>> => {
    const { queuedBytes } = queues;
    return Promise.resolve(
      new Map(queuedBytes === undefined ? [] : sockets.map((socket) => [socket, queuedBytes])),
    );
  };
  const rule = new ProgressRule({ log, readSendQueues, ...options });
  const server = resources.use(createServer());
  const requested = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const connection = resources.use(await RawConnection.open(new URL(`http://127.0.0.1:${port}`)));
  connection.send(bytes);
  const [incoming, outgoing] = await requested;
  incoming.on("error", () => undefined);
  rule.watch(incoming, outgoing, 0);
  if (options.reads !== false) incoming.resume();
  // What came with the head is read in the next turn.
  await turn();
  const owned = resources.move();
  return Object.assign(queues, {
    rule,
    log,
    connection,
    incoming,
    outgoing,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  });
}

/** Sends more of the body; resolves when the server has it. */
async function sendMore({ connection, incoming }: Running, sizeBytes: number): Promise<void> {
  const before = incoming.socket.bytesRead;
  connection.send(Buffer.alloc(sizeBytes));
  await vi.waitUntil(() => incoming.socket.bytesRead === before + sizeBytes, WAIT);
}

/** Answers more than fits between the two, of which the client takes nothing more. */
async function answerUnread({ connection, outgoing }: Running): Promise<void> {
  connection.socket.pause();
  outgoing.write(Buffer.alloc(LARGE_BYTES));
  outgoing.write("more");
  await vi.waitUntil(() => outgoing.socket?.writableLength !== 0, WAIT);
}

const isCut = ({ incoming }: Running): boolean => incoming.socket.destroyed;

describe("an upload", () => {
  it("that stops within its body is cut after a window, and the log says so", async () => {
    await using upload = await running(`${UPLOAD}abc`);
    await upload.rule.check(PROGRESS_WINDOW_MS - 1);
    expect(isCut(upload)).toBe(false);
    await upload.rule.check(PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(true);
    await upload.connection.closed();
    expect(upload.log.lines).toMatchObject([
      { level: "info", fields: { "http.request.method": "PATCH", "http.request.uri": "/upload" } },
    ]);
  });

  it("over a thin link goes on for as long as it takes", async () => {
    await using upload = await running(UPLOAD);
    for (let window = 1; window <= 20; window += 1) {
      await sendMore(upload, LEAST_BYTES);
      await upload.rule.check(window * PROGRESS_WINDOW_MS);
    }
    expect(isCut(upload)).toBe(false);
  });

  it("that trickles is cut", async () => {
    await using upload = await running(UPLOAD);
    await sendMore(upload, LEAST_BYTES - 1);
    await upload.rule.check(PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(true);
  });

  it("begins a new window whenever enough has come", async () => {
    await using upload = await running(UPLOAD);
    await sendMore(upload, LEAST_BYTES);
    await upload.rule.check(1000);
    await upload.rule.check(1000 + PROGRESS_WINDOW_MS - 1);
    expect(isCut(upload)).toBe(false);
    await upload.rule.check(1000 + PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(true);
  });

  it("is not cut while bytes that came wait to be read", async () => {
    await using upload = await running(`${UPLOAD}abc`, { reads: false });
    await vi.waitUntil(() => upload.incoming.readableLength === 3, WAIT);
    await upload.rule.check(10 * PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(false);
  });

  it("is not cut while the server works on it, all of it being there", async () => {
    await using upload = await running(`${requestHead("PUT", "/", ["Content-Length: 3"])}\r\nabc`);
    await vi.waitUntil(() => upload.incoming.complete, WAIT);
    await upload.rule.check(100 * PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(false);
  });

  it("that was refused is still cut when the rest of its body does not come", async () => {
    await using upload = await running(UPLOAD);
    upload.outgoing.end();
    await once(upload.outgoing, "close");
    await upload.rule.check(PROGRESS_WINDOW_MS);
    expect(isCut(upload)).toBe(true);
  });
});

describe("an answer", () => {
  it("that its reader takes no more of is cut after a window", async () => {
    await using reader = await running(plainRequest("GET", "/"));
    await answerUnread(reader);
    await reader.rule.check(PROGRESS_WINDOW_MS - 1);
    expect(isCut(reader)).toBe(false);
    await reader.rule.check(PROGRESS_WINDOW_MS);
    expect(isCut(reader)).toBe(true);
  });

  it("has a whole window, however long the server has worked on it", async () => {
    await using reader = await running(plainRequest("GET", "/"));
    await reader.rule.check(10 * PROGRESS_WINDOW_MS);
    await answerUnread(reader);
    await reader.rule.check(11 * PROGRESS_WINDOW_MS - 1);
    expect(isCut(reader)).toBe(false);
  });

  it("goes on while the kernel's queue shrinks, though it takes nothing new", async () => {
    await using reader = await running(plainRequest("GET", "/"));
    await answerUnread(reader);
    reader.queuedBytes = 10 * LEAST_BYTES;
    for (let window = 1; window <= 9; window += 1) {
      await reader.rule.check(window * PROGRESS_WINDOW_MS - 1);
      reader.queuedBytes -= LEAST_BYTES;
    }
    expect(isCut(reader)).toBe(false);
    await reader.rule.check(9 * PROGRESS_WINDOW_MS);
    await reader.rule.check(10 * PROGRESS_WINDOW_MS);
    expect(isCut(reader)).toBe(true);
  });

  it("goes on while bytes leave that node does not count", async () => {
    const extra = { sentBytes: 0 };
    await using reader = await running(plainRequest("GET", "/"), {
      bytesMoved: (outgoing) => bytesMoved(outgoing) + extra.sentBytes,
    });
    await answerUnread(reader);
    for (let window = 1; window <= 5; window += 1) {
      extra.sentBytes += LEAST_BYTES;
      await reader.rule.check(window * PROGRESS_WINDOW_MS);
    }
    expect(isCut(reader)).toBe(false);
  });

  it("that is out is watched no more", async () => {
    await using reader = await running(plainRequest("GET", "/"));
    reader.outgoing.end();
    await once(reader.outgoing, "close");
    await reader.rule.check(100 * PROGRESS_WINDOW_MS);
    expect(isCut(reader)).toBe(false);
  });
});

describe("a server", () => {
  const listen = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
  const options = { listen, tls: undefined, log: new RecordingLogger(), progressWindowMs: 24 };

  it("cuts whoever stops sending or reading", async () => {
    await using server = await startServer({
      ...options,
      listener: (incoming, outgoing) => {
        incoming.on("error", () => undefined).resume();
        if (incoming.method === "GET") outgoing.write(Buffer.alloc(LARGE_BYTES));
      },
    });
    using sender = await RawConnection.open(new URL(server.address));
    sender.send(`${UPLOAD}abc`);
    using reader = await RawConnection.open(new URL(server.address));
    reader.socket.pause();
    const isGone = once(reader.socket, "close");
    reader.send(plainRequest("GET", "/"));
    await sender.closed();
    await vi.waitUntil(() => options.log.lines.length === 2, WAIT);
    reader.socket.resume();
    await isGone;
  });

  it("cuts whoever does not send the body of a request with a bad expectation", async () => {
    await using server = await startServer({ ...options, listener: () => undefined });
    using sender = await RawConnection.open(new URL(server.address));
    const lines = ["Content-Length: 100", "Expect: 200-ok"];
    sender.send(`${requestHead("PUT", "/", lines)}\r\n`);
    expect((await sender.answers()).map(({ status }) => status)).toEqual([417]);
  });
});

it("enforceProgress goes on looking, and says so, when a look has failed", async () => {
  const server = createServer((incoming) => incoming.resume());
  await using _server = { [Symbol.asyncDispose]: async () => void server.close() };
  const connections = Connections.of(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  using sender = await RawConnection.open(new URL(`http://127.0.0.1:${port}`));
  let looks = 0;
  const failTwice = (): number => {
    looks += 1;
    if (looks === 2 || looks === 3) throw new Error("nobody knows");
    return 0;
  };
  const log = new RecordingLogger();
  using _rule = enforceProgress({ log, connections, windowMs: 24, bytesMoved: failTwice });
  sender.send(`${UPLOAD}abc`);
  await sender.closed();
  const told = log.lines.map(({ level, fields }) => [level, fields["error"]]);
  expect(told).toEqual([
    ["error", new Error("nobody knows")],
    ["error", new Error("nobody knows")],
    ["info", undefined],
  ]);
});

it("enforceProgress keeps no process alive", () => {
  const connections = Connections.of(createServer());
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  using _rule = enforceProgress({ log: new RecordingLogger(), connections });
  const after = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  expect(after).toBe(before);
});
