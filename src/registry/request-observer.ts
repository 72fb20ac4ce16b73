/** What is written down about every request: metrics, the access log and the application's log. */
import type { AccessLog } from "../observability/access-log.ts";
import type { Logger } from "../observability/logger.ts";
import type { FinishedRequest, HandlerName, Metrics } from "../observability/metrics.ts";
import { formatReference } from "../oci/reference.ts";
import { errorCodeOf } from "./error-response.ts";
import { AuthenticationRequired } from "./errors.ts";
import { withoutPort } from "./external-url.ts";
import type { Exchange } from "./exchange.ts";
import type { Route } from "./route.ts";

export interface ObserverDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** `undefined` when the config has it off. */
  readonly accessLog: AccessLog | undefined;
}

/** The status by which nginx, and the reference after it, note that the client did not wait. */
const CLIENT_CLOSED = 499;

/** Call once per request, after its target has been parsed or refused. Ends by itself with the response. */
export function observe(exchange: Exchange, deps: ObserverDeps): void {
  const handler = handlerName(exchange.route);
  const { accessLog } = deps;
  const at = accessLog && new Date();
  if (handler) deps.metrics.requestStarted(handler);
  // It is emitted once; a listener that takes itself away costs more than all else here.
  exchange.outgoing.on("close", () => {
    const { outgoing } = exchange;
    const code = outgoing.writableFinished ? outgoing.statusCode : CLIENT_CLOSED;
    const seconds = (performance.now() - exchange.startedAt) / 1000;
    if (handler) deps.metrics.requestFinished(finished(exchange, { handler, code, seconds }));
    if (at) accessLog.record(accessEntry(exchange, at, code));
    writeLine(exchange, { code, seconds, log: deps.log });
  });
}

function finished(
  { method, receivedBytes, sentBytes }: Exchange,
  ended: Pick<FinishedRequest, "code" | "handler" | "seconds">,
): FinishedRequest {
  return { ...ended, method, requestBytes: receivedBytes, responseBytes: sentBytes };
}

function writeLine(
  exchange: Exchange,
  { code, seconds, log }: { readonly code: number; readonly seconds: number; readonly log: Logger },
): void {
  const level = levelOf(exchange, code);
  // Gathering the fields costs more than the answer to a small request.
  if (!log.isEnabled(level)) return;
  log[level](code < 400 ? "response completed" : "response completed with error", {
    ...requestFields(exchange),
    ...failureFields(exchange.failure),
    "http.response.status": code,
    "http.response.contenttype": exchange.sentType,
    "http.response.written": exchange.sentBytes,
    "http.response.duration": `${(seconds * 1000).toFixed(3)}ms`,
  });
}

/** To be asked who one is, is how most clients begin; to say it wrongly is no fault of the server either. */
function levelOf({ failure }: Exchange, code: number): "error" | "info" | "warn" {
  if (code < 400 || code === CLIENT_CLOSED) return "info";
  if (code !== 401) return "error";
  const isAsked = failure instanceof AuthenticationRequired && failure.cause === undefined;
  return isAsked ? "info" : "warn";
}

/** The fields by which the log tells of a request, as the reference names them. */
export function requestFields(exchange: Exchange): Readonly<Record<string, unknown>> {
  return {
    "http.request.id": exchange.id,
    "http.request.method": exchange.method,
    "http.request.host": exchange.header("host"),
    "http.request.uri": exchange.incoming.url,
    "http.request.referer": exchange.header("referer"),
    "http.request.useragent": exchange.header("user-agent"),
    "http.request.contenttype": exchange.header("content-type"),
    "http.request.remoteaddr": exchange.client,
    ...(exchange.actor !== "" && { "auth.user.name": exchange.actor }),
    ...routeFields(exchange.route),
  };
}

/** The code as the reference writes it (`blob unknown`); `err` becomes `err.message` and what lies behind it. */
function failureFields(failure: unknown): Readonly<Record<string, unknown>> {
  if (failure === undefined) return {};
  const code = errorCodeOf(failure);
  return { "err.code": code.toLowerCase().replaceAll("_", " "), err: failure };
}

function routeFields(route: Route | undefined): Readonly<Record<string, unknown>> {
  if (route === undefined || !("name" in route)) return {};
  return {
    "vars.name": route.name,
    ...("reference" in route && { "vars.reference": formatReference(route.reference) }),
    ...("digest" in route && { "vars.digest": route.digest }),
    ...("id" in route && { "vars.uuid": route.id }),
  };
}

function handlerName(route: Route | undefined): HandlerName | undefined {
  return route === undefined || route.kind === "root" ? undefined : route.kind;
}

function accessEntry(
  exchange: Exchange,
  at: Date,
  status: number,
): Parameters<AccessLog["record"]>[0] {
  return {
    address: withoutPort(exchange.client),
    user: exchange.actor,
    at,
    method: exchange.method,
    uri: exchange.incoming.url ?? "",
    protocol: `HTTP/${exchange.incoming.httpVersion}`,
    status,
    bytes: exchange.sentBytes,
    referer: exchange.header("referer") ?? "",
    userAgent: exchange.header("user-agent") ?? "",
  };
}
