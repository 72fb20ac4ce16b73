/** What is answered on the registry's port besides the registry: the API, tokens, the keys that sign them. */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { ApiBindings, ApiEnvironment } from "../api/request.ts";
import type { Caller } from "../auth/access.ts";
import type { Exchange } from "../registry/exchange.ts";

export type Beside = (target: string) => ((exchange: Exchange) => Promise<void>) | undefined;

/** One that answers below some paths. */
export interface Neighbour {
  /** Below the prefix of the registry; one that ends with a slash stands for all below it. */
  readonly paths: readonly string[];
  /** Called for every request, and gives the same each time: a server that is never asked does not load it. */
  readonly open: () => Promise<Hono<ApiEnvironment>>;
  /** @throws {CredentialsRefused} {TooManyAttempts} {AuthUnavailable} */
  readonly identify: (exchange: Exchange) => Caller | Promise<Caller>;
}

/**
 * Who answers a target, if not the registry.
 * @param prefix `http.prefix`: begins and ends with `/`.
 */
export function createBeside(neighbours: readonly Neighbour[], prefix: string): Beside {
  const registry = `${prefix}v2/`;
  const answering = neighbours.map((neighbour) => ({
    paths: neighbour.paths.map((path) => `${prefix}${path}`),
    answer: createAnswer(neighbour, { isLocal: false }),
  }));
  return (target) => {
    if (target.startsWith(registry)) return undefined;
    return answering.find(({ paths }) => paths.some((path) => isBelow(target, path)))?.answer;
  };
}

function isBelow(target: string, path: string): boolean {
  return path.endsWith("/") ? target.startsWith(path) : target === path;
}

/** Hands requests to Hono, and notes who asked for the logs. */
export function createAnswer(
  { open, identify }: Pick<Neighbour, "open" | "identify">,
  { isLocal }: Pick<ApiBindings, "isLocal">,
): (exchange: Exchange) => Promise<void> {
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
      const hono = await open();
      return await hono.fetch(request, bindings(exchange));
    },
    { overrideGlobalObjects: false, hostname: "localhost" },
  );
  return async (exchange) => {
    const { incoming, outgoing } = exchange;
    exchanges.set(incoming, exchange);
    await listener(incoming, outgoing);
    const length = outgoing.getHeader("content-length");
    exchange.sentBytes = length === undefined ? 0 : Number(length);
    exchange.sentType = String(outgoing.getHeader("content-type") ?? "");
  };
}
