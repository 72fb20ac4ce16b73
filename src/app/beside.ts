/** What is answered on the registry's port besides the registry: the API, tokens, the keys that sign them. */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { ApiBindings, ApiEnvironment } from "../api/request.ts";
import type { Access, Caller } from "../auth/access.ts";
import type { Exchange } from "../registry/exchange.ts";

export type Beside = (target: string) => ((exchange: Exchange) => Promise<void>) | undefined;

/** One that answers below some paths. */
export interface Neighbour {
  /** Without the prefix; one that ends with a slash stands for all below it. */
  readonly paths: readonly string[];
  /** Called with the first request, so that a server which is never asked does not load it. */
  readonly open: () => Promise<Hono<ApiEnvironment>>;
}

export interface BesideOptions {
  /** `http.prefix`: begins and ends with `/`. */
  readonly prefix: string;
  readonly access: Pick<Access, "identify">;
}

/** Who answers a target, if not the registry. */
export function createBeside(
  neighbours: readonly Neighbour[],
  { prefix, access }: BesideOptions,
): Beside {
  const answering = neighbours.map(({ paths, open }) => ({
    paths: paths.map((path) => `${prefix}${path}`),
    answer: createAnswer(open, { prefix, identify: (exchange) => access.identify(exchange) }),
  }));
  const registry = `${prefix}v2/`;
  return (target) => {
    if (target.startsWith(registry)) return undefined;
    return answering.find(({ paths }) => paths.some((path) => isBelow(target, path)))?.answer;
  };
}

function isBelow(target: string, path: string): boolean {
  return path.endsWith("/") ? target.startsWith(path) : target === path;
}

interface AnswerOptions {
  readonly prefix: string;
  readonly identify: (exchange: Exchange) => Caller | Promise<Caller>;
  readonly isLocal?: boolean;
}

/** Hands a request to Hono, and notes who asked for the logs. */
export function createAnswer(
  open: () => Promise<Hono<ApiEnvironment>>,
  { prefix, identify, isLocal = false }: AnswerOptions,
): (exchange: Exchange) => Promise<void> {
  let opening: Promise<Hono<ApiEnvironment>> | undefined;
  const exchanges = new WeakMap<object, Exchange>();
  const bindings = (exchange: Exchange): ApiBindings => ({
    id: exchange.id,
    shown: exchange,
    origin: exchange.origin,
    isLocal,
    async identify() {
      exchange.caller = await identify(exchange);
      return exchange.caller;
    },
  });
  const listener = getRequestListener(
    async (request, { incoming }) => {
      const exchange = exchanges.get(incoming);
      if (exchange === undefined) throw new TypeError("a request without an exchange");
      opening ??= open();
      const hono = await opening;
      return await hono.fetch(withoutPrefix(request, prefix), bindings(exchange));
    },
    { overrideGlobalObjects: false, hostname: "localhost" },
  );
  return async (exchange) => {
    const { incoming, outgoing } = exchange;
    exchanges.set(incoming, exchange);
    await listener(incoming, outgoing);
  };
}

/** Routes know nothing of where the operator has put them. */
function withoutPrefix(request: Request, prefix: string): Request {
  if (prefix === "/") return request;
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(prefix.length - 1);
  return new Request(url, request);
}
