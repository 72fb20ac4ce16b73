/** A server that writes down what it is asked, and answers as the test says. */
import type { IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { openLoopbackServer } from "./loopback-server.ts";

export interface Recorded {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface RecordingServer extends AsyncDisposable {
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  /** In the order in which they came. */
  readonly requests: readonly Recorded[];
}

/** @param reply may throw: then the answer is 500. */
export async function openRecordingServer(
  reply: (request: Recorded) => Reply,
): Promise<RecordingServer> {
  const requests: Recorded[] = [];
  const server = await openLoopbackServer((request, response) => {
    void text(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const recorded = { method, url, headers, body };
      requests.push(recorded);
      const { status = 200, headers: more = {}, body: content } = replyTo(recorded);
      response.writeHead(status, more);
      response.end(
        typeof content === "string" || content === undefined ? content : JSON.stringify(content),
      );
    });
  });
  return {
    url: server.url,
    port: server.port,
    host: `127.0.0.1:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };

  function replyTo(recorded: Recorded): Reply {
    try {
      return reply(recorded);
    } catch {
      return { status: 500 };
    }
  }
}

/** The header of a name and a password. */
export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}
