/** Answers to what the HTTP parser refuses. Which requests those are is told in the tests of the HTTP edge. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Connections } from "../../src/app/connections.ts";
import { answerRefused, refusalOf } from "../../src/app/refused-requests.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, type RawAnswer, RawConnection, requestHead } from "../fixtures/raw-http.ts";

const coded = (code: string): Error => Object.assign(new Error("x"), { code });
const PUT = "PUT /v2/a/manifests/x HTTP/1.1\r\nHost: registry.test\r\n";

async function answersTo(
  ...pieces: readonly (string | Uint8Array)[]
): Promise<{ readonly answers: readonly RawAnswer[]; readonly log: RecordingLogger }> {
  await using registry = await openRegistry();
  using connection = await RawConnection.open(registry.origin);
  connection.send(...pieces);
  return { answers: await connection.answers(), log: registry.log };
}

function errorOf(answer: RawAnswer | undefined): unknown {
  expect(answer?.headers).toMatchObject({
    "content-type": "application/json",
    "docker-distribution-api-version": "registry/2.0",
    "x-content-type-options": "nosniff",
  });
  const { errors } = JSON.parse(String(answer?.body)) as { errors: readonly unknown[] };
  expect(errors).toHaveLength(1);
  return errors[0];
}

describe("a refused request", () => {
  it.each([
    ["GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n", 400, "the request is malformed"],
    [`${PUT}X: ${"a".repeat(20_000)}\r\n\r\n`, 431, "the head of the request is too large"],
    [
      `${PUT}Transfer-Encoding: chunked\r\n\r\n5;a=${"b".repeat(20_000)}\r\nAAAAA\r\n0\r\n\r\n`,
      413,
      "a chunk extension is too long",
    ],
  ])("%.20s is answered in the format of the spec (%#)", async (bytes, status, message) => {
    const { answers, log } = await answersTo(bytes);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
    expect(answers[0]?.headers["connection"]).toBe("close");
    expect(errorOf(answers[0])).toEqual({ code: "UNSUPPORTED", message });
    const lines = log.lines.filter((line) => line.message.startsWith("a connection ended"));
    expect(lines).toMatchObject([{ level: "debug", fields: { "http.response.status": status } }]);
  });

  it("with an expectation that nobody knows is answered so, and the connection goes on", async () => {
    const expecting = requestHead("PUT", "/v2/a/manifests/x", ["Expect: 200-ok"]);
    const { answers, log } = await answersTo(
      `${expecting}Content-Length: 5\r\n\r\nAAAAA`,
      plainRequest("GET", "/v2/", ["Connection: close"]),
    );
    expect(answers.map(({ status }) => status)).toEqual([417, 200]);
    expect(errorOf(answers[0])).toMatchObject({ code: "UNSUPPORTED" });
    expect(log.lines.filter(({ fields }) => "http.request.expect" in fields)).toHaveLength(1);
  });

  it("behind one that still runs is answered after that one", async () => {
    await using held = await openHeld();
    using connection = await RawConnection.open(held.address);
    connection.send(plainRequest("GET", "/"), "no request\r\n\r\n");
    await held.refused;
    connection.send("what nobody reads any more");
    held.end();
    expect((await connection.answers()).map(({ status }) => status)).toEqual([200, 400]);
  });

  it("whose body breaks when its answer has begun only ends the connection", async () => {
    await using held = await openHeld();
    using connection = await RawConnection.open(held.address);
    connection.send(`${PUT}Transfer-Encoding: chunked\r\n\r\n`);
    await held.requested;
    held.begin();
    connection.send("no chunk\r\n");
    await held.refused;
    await expect(connection.answers()).rejects.toMatchObject({ kind: "RawClosed" });
  });
});

interface Held extends AsyncDisposable {
  readonly address: URL;
  readonly requested: Promise<void>;
  readonly refused: Promise<void>;
  /** Sends the head of the answer, or all of it. */
  begin(): void;
  end(): void;
}

/** A server that answers its only request when it is told to. */
async function openHeld(): Promise<Held> {
  const server = createServer();
  const requested = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<void>();
  let answer: ServerResponse | undefined;
  server.on("request", (_incoming, outgoing) => {
    answer = outgoing;
    requested.resolve();
  });
  answerRefused(server, { log: new RecordingLogger(), connections: Connections.of(server) });
  server.on("clientError", () => refused.resolve());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  return {
    address: new URL(`http://127.0.0.1:${port}`),
    requested: requested.promise,
    refused: refused.promise,
    begin: () => answer?.writeHead(200, { "Content-Length": 2 }).flushHeaders(),
    end: () => answer?.end(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("refusalOf", () => {
  it("knows a head that did not arrive in time", () => {
    expect(refusalOf(coded("ERR_HTTP_REQUEST_TIMEOUT"))?.status).toBe(408);
  });

  it("has no answer for a connection that broke", () => {
    expect(refusalOf(coded("ECONNRESET"))).toBeUndefined();
    expect(refusalOf(coded("ERR_SSL_HTTP_REQUEST"))).toBeUndefined();
    expect(refusalOf(new Error("x"))).toBeUndefined();
  });
});

it("nothing is written to a connection that is gone", () => {
  const server = createServer();
  answerRefused(server, { log: new RecordingLogger(), connections: Connections.of(server) });
  const written: unknown[] = [];
  const socket = Object.assign(new Socket(), { write: (bytes: unknown) => written.push(bytes) });
  socket.destroy();
  server.emit("clientError", coded("HPE_INVALID_METHOD"), socket);
  expect(written).toEqual([]);
  expect(socket.destroyed).toBe(true);
});
