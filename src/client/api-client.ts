/** The API of a Barge server, from outside or by the socket in its state directory. */
import { createInterface } from "node:readline";
import type { Clock } from "../lib/clock.ts";
import { unreachable } from "./connection-failure.ts";
import { Refused } from "./errors.ts";
import { parseServerAddress } from "./server-address.ts";
import { type Asked, failureOf } from "./server-failure.ts";
import { findWay, type Way } from "./server-way.ts";
import { createTransport, readWhole, type Transport } from "./transport.ts";
import { loadTrust } from "./trust.ts";

export interface ConnectionOptions {
  /** As people type it: `host`, `host:port`, a URL, or `unix:/path`. */
  readonly server: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly authFile?: string | undefined;
  /** PEM file of further authorities. */
  readonly caFile?: string | undefined;
  /** Whether any certificate will do, and plain http after https has failed. */
  readonly insecure?: boolean;
  readonly plainHttp?: boolean;
  /** Hosts of token servers, beside the server's own, that the user vouches for. */
  readonly trustedHosts?: readonly string[];
  /** Until an answer begins, or the whole of it is there; 60,000 when left out. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly debug: (line: string) => void;
}

/**
 * All methods throw {Denied} {NotFound} {TryLater} {Refused} as the server answers, {Unreachable} when it
 * does not, and what finding credentials throws: {CredentialFileUnusable} {CredentialHelperFailed} {RealmRefused}.
 */
export interface Connection {
  /** As people know the server. */
  readonly name: string;
  /**
   * @param path below `/api/v1/`, without a leading "/"; may have a query.
   * @returns the JSON of the answer; `undefined` for an answer without content.
   */
  request(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Reads a list of JSON lines, one at a time. Leaving the loop early ends the request. */
  lines(path: string): AsyncIterable<unknown>;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Credentials are looked for, and shown, only once a request is made. @throws {AddressRefused} */
export function openConnection(options: ConnectionOptions): Connection {
  const { server, plainHttp = false, insecure = false, signal } = options;
  const { authFile, trustedHosts = [] } = options;
  const address = parseServerAddress(server, { plainHttp, insecure });
  const host = address.kind === "network" ? address.host : "";
  const transport = createTransport({
    loadTrust: () => loadTrust({ ...options, caFile: options.caFile, host, insecure }),
    socketPath: address.kind === "socket" ? address.path : undefined,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    clock: options.clock,
    environment: options.environment,
  });
  if (address.kind === "socket") {
    const way = { base: new URL("http://localhost/"), authorization: undefined };
    return new ServerConnection({
      name: address.path,
      next: "the server does not take orders by its socket",
      transport,
      signal,
      findWay: () => Promise.resolve(way),
    });
  }
  return new ServerConnection({
    name: host,
    next: `log in: barge login ${host}`,
    transport,
    signal,
    findWay: () => findWay(address, { ...options, authFile, trustedHosts, transport }),
  });
}

interface ServerConnectionOptions {
  readonly name: string;
  /** What to do when the server wants other credentials. */
  readonly next: string;
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly findWay: () => Promise<Way>;
}

class ServerConnection implements Connection {
  readonly name: string;
  readonly #options: ServerConnectionOptions;
  #way: Promise<Way> | undefined;

  constructor(options: ServerConnectionOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const { transport, signal } = this.#options;
    const { url, headers } = await this.#target(path);
    const answer = await transport.ask(url, {
      method,
      signal,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status < 200 || answer.status > 299) throw failureOf(answer, this.#asked());
    return answer.text === "" ? undefined : this.#parsed(answer.text);
  }

  async *lines(path: string): AsyncGenerator<unknown> {
    const { transport, signal } = this.#options;
    const { url, headers } = await this.#target(path);
    const answer = await transport.open(url, { headers, signal });
    if (answer.statusCode !== 200)
      throw failureOf(await readWhole(answer, this.name), this.#asked());
    using _ending = { [Symbol.dispose]: () => void answer.destroy() };
    try {
      for await (const line of createInterface({ input: answer, crlfDelay: Infinity })) {
        if (line !== "") yield this.#parsed(line);
      }
    } catch (error) {
      throw unreachable(error, this.name);
    }
  }

  async #target(path: string): Promise<{ url: URL; headers: Readonly<Record<string, string>> }> {
    this.#way ??= this.#options.findWay();
    const { base, authorization } = await this.#way;
    return {
      url: new URL(`api/v1/${path}`, base),
      headers: authorization === undefined ? {} : { authorization },
    };
  }

  #asked(): Asked {
    return { server: this.name, next: this.#options.next };
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Refused(`what ${this.name} answered is not JSON: is it a Barge server?`, { cause });
    }
  }
}
