/** HTTP of the model registry: whole bodies in memory, plain data in and out, so that a fault is one function. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

export interface ModelRequest {
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ModelReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Handler = (request: ModelRequest) => ModelReply;

/** Wraps a handler and does one thing wrong. */
export type Fault = (next: Handler) => Handler;

export function reply(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer | string = "",
): ModelReply {
  return { status, headers, body: Buffer.from(body) };
}

export function jsonReply(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): ModelReply {
  const all = { "content-type": "application/json", ...headers };
  return reply(status, all, `${JSON.stringify(value)}\n`);
}

export function errorReply(status: number, code: string): ModelReply {
  return jsonReply(status, {
    errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }],
  });
}

/** Serves the handler on a free port of the loopback until `resources` are disposed. */
export async function serveModel(
  resources: AsyncDisposableStack,
  handler: Handler,
): Promise<{ readonly origin: URL }> {
  const server = createServer((message, response) => {
    void requestOf(message).then((request) => {
      const { status, headers, body } = handler(request);
      const isEmpty = status === 204 || status === 304;
      const length = isEmpty ? {} : { "content-length": String(body.byteLength) };
      const version = { "docker-distribution-api-version": "registry/2.0" };
      response.writeHead(status, { ...version, ...length, ...headers });
      response.end(isEmpty ? undefined : body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: new URL(`http://127.0.0.1:${address.port}`) };
}

async function requestOf(message: IncomingMessage): Promise<ModelRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  const [path = "", query = ""] = (message.url ?? "/").split("?");
  return {
    method: message.method ?? "GET",
    path: decodeURIComponent(path),
    query: new URLSearchParams(query),
    headers: message.headers,
    body: Buffer.concat(pieces),
  };
}
