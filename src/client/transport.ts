/** Requests to one server and the token server that belongs to it: connections, certificates, time. */
import { Agent as PlainAgent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { Clock } from "../lib/clock.ts";
import { send } from "../lib/http-send.ts";
import { withTimeLimit } from "../lib/time-limit.ts";
import { unreachable } from "./connection-failure.ts";
import { Refused } from "./errors.ts";
import { isLoopbackHost } from "../lib/loopback.ts";
import type { Trust } from "./trust.ts";

export interface Outgoing {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Redirects are not followed: what is sent is meant for the one address. */
export interface Transport {
  /** @throws {Unreachable}; {Refused} for an answer of more than 16 MiB. */
  ask(url: URL, outgoing: Outgoing): Promise<WholeAnswer>;
  /** The answer's head; whoever takes it reads or destroys the answer. @throws {Unreachable} */
  open(url: URL, outgoing: Outgoing): Promise<IncomingMessage>;
}

export interface TransportOptions {
  /** Asked for once, at the first request that needs it. */
  readonly loadTrust: () => Promise<Trust>;
  /** Of a unix socket, in place of the network. */
  readonly socketPath?: string | undefined;
  /** For each request: until its head is there, or the whole of it where that is asked for. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Names of proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function createTransport(options: TransportOptions): Transport {
  const { clock, timeoutMs } = options;
  const trust = once(options.loadTrust);
  const limited = <R>(signal: AbortSignal, task: (limit: AbortSignal) => Promise<R>): Promise<R> =>
    withTimeLimit({ clock, timeoutMs, signal }, task);

  async function open(
    url: URL,
    { signal, body, method, headers }: Outgoing,
  ): Promise<IncomingMessage> {
    const { socketPath } = options;
    const settings = {
      method: method ?? "GET",
      headers: { "user-agent": "barge", accept: "application/json", ...headers },
      signal,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      ...(socketPath === undefined
        ? { agent: await agentFor(url, options, trust) }
        : { socketPath, agent: new PlainAgent() }),
    };
    try {
      return await send(url, settings);
    } catch (error) {
      throw unreachable(error, socketPath ?? url);
    }
  }

  async function ask(url: URL, outgoing: Outgoing): Promise<WholeAnswer> {
    const answer = await open(url, outgoing);
    return await readWhole(answer, options.socketPath ?? url);
  }

  return {
    ask: (url, outgoing) => limited(outgoing.signal, (signal) => ask(url, { ...outgoing, signal })),
    open: (url, outgoing) =>
      limited(outgoing.signal, (signal) => open(url, { ...outgoing, signal })),
  };
}

/** Made for one request, so that no idle connection keeps the program from ending. */
async function agentFor(
  { protocol, hostname }: URL,
  { environment }: TransportOptions,
  trust: () => Promise<Trust>,
): Promise<PlainAgent | TlsAgent> {
  const proxy = isLoopbackHost(hostname) ? {} : { proxyEnv: { ...environment } };
  if (protocol === "http:") return new PlainAgent(proxy);
  const { ca, cert, key, rejectUnauthorized } = await trust();
  const authorities = rejectUnauthorized ? { ca: [...ca] } : {};
  const shown = cert.length === 0 ? {} : { cert: [...cert], key: [...key] };
  return new TlsAgent({ ...proxy, rejectUnauthorized, ...authorities, ...shown });
}

/**
 * @param target as for {@link unreachable}
 * @throws {Unreachable}; {Refused} for more than 16 MiB.
 */
export async function readWhole(
  answer: IncomingMessage,
  target: URL | string,
): Promise<WholeAnswer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of answer) {
      const bytes = Buffer.from(part);
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_ANSWER_BYTES) break;
      parts.push(bytes);
    }
  } catch (error) {
    throw unreachable(error, target);
  }
  if (sizeBytes > MAX_ANSWER_BYTES)
    throw new Refused(`the answer of ${String(target)} is too large`);
  const { statusCode, headers } = answer;
  return { status: statusCode ?? 0, headers, text: Buffer.concat(parts).toString("utf8") };
}

function once<R>(make: () => Promise<R>): () => Promise<R> {
  let made: Promise<R> | undefined;
  return () => (made ??= make());
}
