import type { IncomingMessage, ServerResponse } from "node:http";
import type { Metrics } from "./metrics.ts";

export interface DebugHandlerOptions {
  /** The health checks that are bad, by name, with what is wrong. */
  readonly failures: () => Promise<Readonly<Record<string, string>>>;
  /** A rejection is answered 500: that is better than figures that are not whole. */
  readonly metrics: () => ReturnType<Metrics["render"]>;
  /** What `/debug/vars` answers; asked each time. */
  readonly vars: () => Promise<object>;
  /** Where the metrics are served, such as `/metrics`; nowhere when `undefined`. */
  readonly prometheusPath: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const NOT_FOUND = plain(404, "404 page not found\n");
const NOT_ALLOWED = plain(405, "Method not allowed\n");
const FAILED = plain(500, "the page could not be made\n");

/** Answers the requests of the debug listener: health, metrics and figures. It has no access control of its own. */
export function debugHandler(
  options: DebugHandlerOptions,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const method = incoming.method ?? "";
    const [path = ""] = (incoming.url ?? "").split("?", 1);
    const answering = isRead(method) ? answerTo(path, options) : Promise.resolve(NOT_ALLOWED);
    answering.then(
      (answer) => send(outgoing, answer, method === "HEAD"),
      () => send(outgoing, FAILED, method === "HEAD"),
    );
  };
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

async function answerTo(path: string, options: DebugHandlerOptions): Promise<Answer> {
  if (path === "/debug/health") return healthAnswer(await options.failures());
  if (path === "/debug/vars") return json(200, await options.vars());
  if (path !== options.prometheusPath) return NOT_FOUND;
  return { status: 200, ...(await options.metrics()) };
}

function healthAnswer(failures: Readonly<Record<string, string>>): Answer {
  return json(Object.keys(failures).length === 0 ? 200 : 503, failures);
}

function json(status: number, value: object): Answer {
  return { status, contentType: "application/json", text: JSON.stringify(value) };
}

function plain(status: number, text: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", text };
}

function send(outgoing: ServerResponse, answer: Answer, isHead: boolean): void {
  outgoing.writeHead(answer.status, {
    "content-type": answer.contentType,
    "content-length": Buffer.byteLength(answer.text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(answer.status === 405 && { allow: "GET, HEAD" }),
  });
  outgoing.end(isHead ? undefined : answer.text);
}
