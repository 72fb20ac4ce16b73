/** From a request on the wire to its answer: checked, observed, routed; errors answered in one place. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { toErrorAnswer } from "./error-response.ts";
import { Unhealthy } from "./errors.ts";
import { ClientGone } from "./client-gone.ts";
import { refuseCrossSite } from "./cross-site.ts";
import { Exchange, type ExchangeDeps } from "./exchange.ts";
import { refuseAmbiguous } from "./raw-request.ts";
import { observe, type ObserverDeps, requestFields } from "./request-observer.ts";
import { respond, type RespondDeps } from "./respond.ts";
import { Routes } from "./route.ts";
import type { Router } from "./router.ts";

export interface ListenerDeps extends ObserverDeps, RespondDeps, ExchangeDeps {
  readonly router: Router;
  readonly isHealthy: () => boolean;
  /** Told of every request that is answered by an error. */
  readonly onRefused: (exchange: Exchange, error: unknown) => void;
  /** Of pages that may change things here; see `cross-site.ts`. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** Who answers what is none of the registry's own: the API, tokens. Asked for every request. */
  readonly beside: (target: string) => ((exchange: Exchange) => Promise<void>) | undefined;
  /** Why this request is not taken now, if so. Asked for every one: it must cost next to nothing. */
  readonly refusal: (exchange: Exchange) => Error | undefined;
}

export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export function createListener(deps: ListenerDeps): Listener {
  const routes = new Routes(deps.settings.prefix);
  const exchanges = new WeakMap<object, Exchange>();
  const route = getRequestListener(
    async (request, { incoming }) => {
      const exchange = exchanges.get(incoming);
      if (exchange === undefined) throw new TypeError("a request without an exchange");
      try {
        await deps.router.hono.fetch(request, { exchange });
      } catch (error) {
        await answerError(exchange, error, deps);
      }
      return RESPONSE_ALREADY_SENT;
    },
    // Bodies are read, and what is left of them dropped, by us; a request without a host has a name to stand in.
    { overrideGlobalObjects: false, autoCleanupIncoming: false, hostname: "localhost" },
  );

  return (incoming, outgoing) => {
    const exchange = new Exchange({ incoming, outgoing }, deps);
    const besides = deps.beside(exchange.target);
    try {
      refuseAmbiguous(incoming);
      if (!deps.isHealthy()) throw new Unhealthy();
      if (besides === undefined) exchange.parseTarget(routes);
      refuseCrossSite(exchange, deps.allowedOrigins);
      const refusal = deps.refusal(exchange);
      if (refusal !== undefined) throw refusal;
    } catch (error) {
      observe(exchange, deps);
      // The parser may yet find that what follows the head is malformed, and has its say first.
      queueMicrotask(() => void answerError(exchange, error, deps));
      return;
    }
    observe(exchange, deps);
    const answering = besides?.(exchange) ?? deps.router.answerDirectly(exchange);
    if (answering !== undefined) {
      answering.catch((error: unknown) => answerError(exchange, error, deps));
      return;
    }
    exchanges.set(incoming, exchange);
    void route(incoming, outgoing);
  };
}

/** Never throws. An answer that has begun cannot become an error any more: the connection is cut. */
async function answerError(exchange: Exchange, error: unknown, deps: ListenerDeps): Promise<void> {
  const { outgoing } = exchange;
  const isGone = error instanceof ClientGone || outgoing.destroyed;
  if (isGone || outgoing.headersSent) {
    outgoing.destroy();
    deps.log.info("the answer was cut short", { ...requestFields(exchange), err: error });
    return;
  }
  exchange.failure = error;
  deps.onRefused(exchange, error);
  try {
    await respond(exchange, toErrorAnswer(error), deps);
  } catch (cause) {
    outgoing.destroy();
    deps.log.info("the answer was cut short", { ...requestFields(exchange), err: cause });
  }
}
