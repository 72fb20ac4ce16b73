/**
 * Requests that two servers could frame in two ways. Each is followed by a second request on the same
 * connection, which must be answered as itself or not at all.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, RawConnection, requestHead } from "../fixtures/raw-http.ts";

const PUT = "PUT /v2/attack/manifests/x HTTP/1.1\r\nHost: registry.test\r\n";
const NEXT = plainRequest("GET", "/v2/next-request/tags/list", ["Connection: close"]);
const LONG = 20_000;

let registry: InProcessRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(async () => registry[Symbol.asyncDispose]());

/** @returns the status of each answer, `next` for that of the second request. */
async function exchange(bytes: string): Promise<readonly (number | "next")[]> {
  using connection = await RawConnection.open(registry.origin);
  connection.send(Buffer.from(bytes, "latin1"), NEXT);
  const answers = await connection.answers();
  return answers.map(({ status, body }) =>
    status === 404 && body.includes("next-request") ? "next" : status,
  );
}

/** Refused by the parser, or by us because nothing behind them on the connection can be trusted. */
const CLOSED: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  "Content-Length and Transfer-Encoding": [
    `${PUT}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  "Transfer-Encoding and Content-Length": [
    `${PUT}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    400,
  ],
  "two equal Content-Lengths": [`${PUT}Content-Length: 5\r\nContent-Length: 5\r\n\r\nAAAAA`, 400],
  "two Content-Lengths": [`${PUT}Content-Length: 5\r\nContent-Length: 6\r\n\r\nAAAAA`, 400],
  "a list of Content-Lengths": [`${PUT}Content-Length: 5, 5\r\n\r\nAAAAA`, 400],
  "a Content-Length with a sign": [`${PUT}Content-Length: +5\r\n\r\nAAAAA`, 400],
  "a negative Content-Length": [`${PUT}Content-Length: -1\r\n\r\n`, 400],
  "a hexadecimal Content-Length": [`${PUT}Content-Length: 0x5\r\n\r\nAAAAA`, 400],
  "an empty Content-Length": [`${PUT}Content-Length: \r\n\r\n`, 400],
  "a Content-Length of 20 digits": [`${PUT}Content-Length: 99999999999999999999\r\n\r\nA`, 400],
  "a Content-Length of 2^63": [`${PUT}Content-Length: 9223372036854775808\r\n\r\nAAAAA`, 400],
  "a space before the colon": [`${PUT}Content-Length : 5\r\n\r\nAAAAA`, 400],
  "lines that end with LF alone": [
    `${PUT.replaceAll("\r\n", "\n")}Content-Length: 5\n\nAAAAA`,
    400,
  ],
  "a CR within a field": [`${PUT}X: a\rContent-Length: 5\r\n\r\nAAAAA`, 400],
  "a folded field": [`${PUT}X: a\r\n b\r\nContent-Length: 5\r\n\r\nAAAAA`, 400],
  "a NUL in a field": [`${PUT}X: a\0b\r\n\r\n`, 400],
  "the transfer coding xchunked": [`${PUT}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  "a transfer coding behind chunked": [
    `${PUT}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    400,
  ],
  "chunked twice": [
    `${PUT}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  "identity before chunked": [`${PUT}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`, 501],
  "gzip before chunked": [`${PUT}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  "a chunk size of 17 digits": [
    `${PUT}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nAAAAA\r\n0\r\n\r\n`,
    400,
  ],
  "chunks that end with LF alone": [`${PUT}Transfer-Encoding: chunked\r\n\r\n5\nAAAAA\n0\n\n`, 400],
  "a Content-Length behind the chunks": [
    `${PUT}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 99\r\n\r\n`,
    400,
  ],
  "a long chunk extension": [
    `${PUT}Transfer-Encoding: chunked\r\n\r\n5;a=${"b".repeat(LONG)}\r\nAAAAA\r\n0\r\n\r\n`,
    413,
  ],
  "chunks in HTTP/1.0": [
    "PUT /v2/attack/manifests/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  "no Host": ["GET /v2/ HTTP/1.1\r\n\r\n", 400],
  "two Hosts": ["GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
  "a Host with a user": ["GET /v2/ HTTP/1.1\r\nHost: good@evil\r\n\r\n", 400],
  "a Host with a path": ["GET /v2/ HTTP/1.1\r\nHost: a b/../c\r\n\r\n", 400],
  "a Host without a name": ["GET /v2/ HTTP/1.1\r\nHost: :5000\r\n\r\n", 400],
  "a Host with a port that is none": ["GET /v2/ HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400],
  "a request line without a version": ["GET /v2/\r\n\r\n", 400],
  "a target in the absolute form": [
    "GET http://evil/v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n",
    400,
  ],
  "a target that is a star": ["OPTIONS * HTTP/1.1\r\nHost: registry.test\r\n\r\n", 400],
  "a target outside of ASCII": [
    "GET /v2/\xe4/tags/list HTTP/1.1\r\nHost: registry.test\r\n\r\n",
    400,
  ],
  "a target with a NUL": ["GET /v2/a\0/tags/list HTTP/1.1\r\nHost: registry.test\r\n\r\n", 400],
  "a method in lower case": ["get /v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n", 400],
  "a method that nobody knows": ["FOO /v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n", 400],
  "the preface of HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "a head above 16 KiB": [`${requestHead("GET", "/v2/")}X: ${"a".repeat(LONG)}\r\n\r\n`, 431],
  "a head of 3000 fields": [`${requestHead("GET", "/v2/")}${"X: a\r\n".repeat(3000)}\r\n`, 431],
};

/** Answered, and the connection goes on where it should. */
const GOES_ON: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  "a GET with a body": [`${requestHead("GET", "/v2/", ["Content-Length: 5"])}\r\nAAAAA`, 200],
  "a GET with a body that looks like a request": [
    `${requestHead("GET", "/v2/", [`Content-Length: ${NEXT.length}`])}\r\n${NEXT}`,
    200,
  ],
  "a refused PUT with a body that looks like a request": [
    `${requestHead("PUT", "/v2/UPPER/manifests/x", [`Content-Length: ${NEXT.length}`])}\r\n${NEXT}`,
    400,
  ],
  "a HEAD of what is not there": [plainRequest("HEAD", "/v2/attack/manifests/x"), 404],
  "a chunk with an extension": [
    `${PUT}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nAAAAA\r\n0\r\n\r\n`,
    400,
  ],
  "an expectation that nobody knows": [
    `${PUT}Expect: 200-ok\r\nContent-Length: 5\r\n\r\nAAAAA`,
    417,
  ],
  "TRACE of the base": [plainRequest("TRACE", "/v2/"), 405],
  "TRACE of a manifest": [plainRequest("TRACE", "/v2/attack/manifests/x"), 405],
  "PROPFIND of the root": [plainRequest("PROPFIND", "/"), 405],
  "a method below a name": [plainRequest("LINK", "/v2/attack/tags/list"), 405],
  "HTTP/1.0 with keep-alive": ["GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200],
  "an empty Host": ["GET /v2/ HTTP/1.1\r\nHost:\r\n\r\n", 200],
  "two Content-Types": [
    `${PUT}Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 2\r\n\r\n{}`,
    400,
  ],
};

describe("a request with", () => {
  it.each(Object.entries(CLOSED))(
    "%s is refused and the connection closed",
    async (_name, [bytes, status]) => {
      expect(await exchange(bytes)).toEqual([status]);
    },
  );
});

describe("the connection goes on behind", () => {
  it.each(Object.entries(GOES_ON))("%s", async (name, [bytes, status]) => {
    const isHead = name.startsWith("a HEAD");
    if (!isHead) expect(await exchange(bytes)).toEqual([status, "next"]);
    using connection = await RawConnection.open(registry.origin);
    connection.send(bytes);
    expect((await connection.answer(isHead ? "HEAD" : "GET")).status).toBe(status);
    connection.send(NEXT);
    expect((await connection.answer()).body.toString()).toContain("next-request");
  });

  it("an upgrade to HTTP/2, which is not taken up", async () => {
    using connection = await RawConnection.open(registry.origin);
    const upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"];
    connection.send(plainRequest("GET", "/v2/", upgrade));
    expect((await connection.answer()).status).toBe(200);
    connection.send(NEXT);
    expect((await connection.answer()).body.toString()).toContain("next-request");
  });
});

it("CONNECT is not answered at all", async () => {
  expect(await exchange("CONNECT evil:1 HTTP/1.1\r\nHost: registry.test\r\n\r\n")).toEqual([]);
});

it("refusals by our code have the error format of the spec and leave one clean line in the log", async () => {
  for (const [bytes, status] of [...Object.values(CLOSED), ...Object.values(GOES_ON)]) {
    using connection = await RawConnection.open(registry.origin);
    connection.send(Buffer.from(bytes, "latin1"));
    const { headers, body } = await connection.answer(bytes.slice(0, 4).trim());
    expect(body.toString()).not.toMatch(/\.ts|node_modules|at [A-Z]/);
    if (headers["docker-distribution-api-version"] === undefined || body.length === 0) continue;
    const document = JSON.parse(body.toString()) as { errors?: readonly { code: string }[] };
    if (status >= 400) expect(document.errors?.[0]?.code).toMatch(/^[A-Z_]+$/);
  }
  const ours = registry.log.lines.filter(({ fields }) => fields["http.response.status"] === 500);
  expect(ours).toEqual([]);
  for (const line of registry.accessLog.lines) {
    // oxlint-disable-next-line eslint/no-control-regex -- that none of them is there is the point
    expect(line).toMatch(/^[^\u0000-\u001f\u007f]+\n$/);
  }
});
