/** Asks exactly what it is told to, and keeps all of the answer. */
import { Agent, type AgentOptions, request as startRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Asked {
  readonly method: string;
  /** Behind the origin. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Answered {
  readonly status: number;
  /** As they came, in their order, without those that no two answers share. */
  readonly head: string;
  readonly body: string;
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage, body: Buffer) {
    this.#message = message;
    this.status = message.statusCode ?? 0;
    this.body = body.toString("latin1");
    const pairs = Array.from({ length: message.rawHeaders.length / 2 }, (_, index) =>
      message.rawHeaders.slice(2 * index, 2 * index + 2).join(": "),
    );
    this.head = pairs.filter((line) => !line.startsWith("Date: ")).join("\n");
  }

  header(name: string): string {
    return String(this.#message.headers[name.toLowerCase()] ?? "");
  }

  /** The status, and the code of the error if the body tells one. */
  get outcome(): string {
    const code = /"code":"(\w+)"/.exec(this.body)?.[1];
    return code === undefined || this.status < 400 ? String(this.status) : `${this.status} ${code}`;
  }

  /** Everything, with names that differ from request to request replaced. */
  like(...names: readonly string[]): string {
    const all = `${this.status}\n${this.head}\n\n${this.body}`;
    return names.reduce((text, name) => text.replaceAll(name, "X"), all).replaceAll(UUID, "UUID");
  }
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export interface Client extends Disposable {
  /** @param authorization left out when `undefined`. */
  ask(authorization: string | undefined, asked: Asked): Promise<Answered>;
}

export function newClient(origin: URL, options: AgentOptions): Client {
  const agent = new Agent({ ...options, keepAlive: true });
  return {
    async ask(authorization, { method, target, headers, body }) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const all = {
        ...headers,
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
      };
      const { hostname, port } = origin;
      const parts = { agent, host: hostname, port, method, path: target, headers: all };
      startRequest(parts, resolve).once("error", reject).end(body);
      const message = await promise;
      return new Answered(message, await buffer(message));
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
