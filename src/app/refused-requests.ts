/**
 * Answers to what never becomes a request, in the error format that clients of a registry know:
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../observability/logger.ts";
import type { ErrorCode } from "../oci/error-code.ts";
import type { Connections } from "./connections.ts";

interface Refusal {
  readonly status: number;
  readonly message: string;
}

const MALFORMED: Refusal = { status: 400, message: "the request is malformed" };

const REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  [
    "ERR_HTTP_REQUEST_TIMEOUT",
    { status: 408, message: "the head of the request did not arrive in time" },
  ],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { status: 413, message: "a chunk extension is too long" }],
  ["HPE_HEADER_OVERFLOW", { status: 431, message: "the head of the request is too large" }],
]);

/** @returns `undefined` when no request was wrong: the connection broke, or never was one of HTTP. */
export function refusalOf(error: Error): Refusal | undefined {
  const code = codeOf(error);
  return REFUSALS.get(code) ?? (code.startsWith("HPE_") ? MALFORMED : undefined);
}

export interface RefusedOptions {
  readonly log: Logger;
  /** Of the server. */
  readonly connections: Connections;
}

/** Takes the place of the answers that node gives by itself, which have no body. */
export function answerRefused(server: Server, { log, connections }: RefusedOptions): void {
  const refused = new WeakSet<Socket>();
  server.on("clientError", (error: Error, socket: Socket) => {
    // What else arrives on a connection that is about to close is refused again.
    if (refused.has(socket)) return;
    refused.add(socket);
    const refusal = refusalOf(error);
    log.debug("a connection ended without a request that could be read", {
      "http.request.remoteaddr": socket.remoteAddress,
      ...(refusal && { "http.response.status": refusal.status }),
      err: error,
    });
    if (refusal === undefined) socket.destroy();
    else refuseInTurn(socket, refusal, connections.of(socket)?.owed ?? []);
  });
  server.on("checkExpectation", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const expectation = incoming.headers.expect;
    log.debug("a request expects what is not known here", { "http.request.expect": expectation });
    const body = errorBody("of expectations only 100-continue is understood");
    outgoing.writeHead(417, { ...HEADERS, "Content-Length": body.length }).end(body);
  });
}

/** Requests before the refused one are answered first: the client takes answers in the order of its requests. */
function refuseInTurn(socket: Socket, refusal: Refusal, answers: readonly ServerResponse[]): void {
  const earlier = answers.filter(({ req }) => req.complete);
  const broken = answers.find(({ req }) => !req.complete);
  if (broken?.headersSent === true) {
    socket.destroy();
    return;
  }
  let left = earlier.length;
  const refuse = (): void => {
    if (left > 0) return;
    if (socket.writable) socket.end(wholeAnswer(refusal));
    closeSoon(socket);
  };
  for (const answer of earlier) {
    answer.once("close", () => {
      left -= 1;
      refuse();
    });
  }
  refuse();
}

/**
 * Closing while the client still sends would make its system throw the answer away: what comes in is
 * read and dropped for a moment.
 */
function closeSoon(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

const LINGER_MS = 1_000;

const HEADERS = {
  "Content-Type": "application/json",
  "Docker-Distribution-Api-Version": "registry/2.0",
  "X-Content-Type-Options": "nosniff",
} as const;

/** By hand, for there is no response to write it to. */
function wholeAnswer({ status, message }: Refusal): Buffer {
  const body = errorBody(message);
  const headers = { ...HEADERS, "Content-Length": body.length, Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}

function errorBody(message: string): Buffer {
  const code = "UNSUPPORTED" satisfies ErrorCode;
  return Buffer.from(`${JSON.stringify({ errors: [{ code, message }] })}\n`);
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
