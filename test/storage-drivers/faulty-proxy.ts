import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";

/**
 * What becomes of a request: it passes, it is carried out and its answer is lost, or it is answered
 * with a success that holds an error and not carried out.
 */
export type Fate = "pass" | "lose-answer" | "error-in-success";

/** Where {@link openFaultyProxy} forwards to, and what it does to requests. */
export interface FaultyProxyOptions {
  readonly target: URL;
  readonly fateOf: (method: string, path: string) => Fate;
}

const ERROR = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code></Error>`;

/** Starts a proxy on a free port of 127.0.0.1. @param resources closes it. @returns its address. */
export async function openFaultyProxy(
  resources: AsyncDisposableStack,
  { target, fateOf }: FaultyProxyOptions,
): Promise<URL> {
  const server = createServer((incoming, response) => {
    const fate = fateOf(incoming.method ?? "", incoming.url ?? "");
    if (fate === "error-in-success") {
      incoming.resume().once("end", () => response.writeHead(200).end(ERROR));
      return;
    }
    forward(incoming, response, { target, isLost: fate === "lose-answer" }).catch(() =>
      response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  return new URL(`http://127.0.0.1:${address.port}`);
}

/** The host is signed, so it is passed on as it came. */
async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { target, isLost }: { readonly target: URL; readonly isLost: boolean },
): Promise<void> {
  const { method, url: path, headers } = incoming;
  const outgoing = send(target, { method, path, headers });
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  const [[answer]] = await Promise.all([answered, pipeline(incoming, outgoing)]);
  if (isLost) {
    await Array.fromAsync(answer);
    response.destroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  await pipeline(answer, response);
}
