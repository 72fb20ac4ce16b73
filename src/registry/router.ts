/**
 * Which handler answers what. The path has been parsed into a route before; Hono chooses by the
 * route's kind and the method. Reads that come by the thousand go round it.
 */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { deleteBlob, getBlob } from "./blobs.ts";
import { MethodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { admit } from "./gate.ts";
import type { Handler, HandlerDeps } from "./handler.ts";
import { listCatalog, listTags } from "./listings.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { ping, root } from "./ping.ts";
import { listReferrers } from "./referrers.ts";
import { respond, type RespondDeps } from "./respond.ts";
import type { RouteKind } from "./route.ts";
import { appendUpload, cancelUpload, finishUpload, startUpload, uploadStatus } from "./uploads.ts";

type Methods = Readonly<Record<string, Handler>>;

/** HEAD goes with GET. `ANY` answers every known method alike, as the reference does at these two. */
const HANDLERS = {
  root: { ANY: root },
  base: { ANY: ping },
  catalog: { GET: listCatalog },
  tags: { GET: listTags },
  referrers: { GET: listReferrers },
  manifest: { GET: getManifest, PUT: putManifest, DELETE: deleteManifest },
  blob: { GET: getBlob, DELETE: deleteBlob },
  blob_upload: { POST: startUpload },
  blob_upload_chunk: {
    GET: uploadStatus,
    PATCH: appendUpload,
    PUT: finishUpload,
    DELETE: cancelUpload,
  },
} as const satisfies Record<RouteKind, Methods>;

/**
 * What clients ask for again and again. To make a web request for Hono of each would cost more than
 * all else that is done for it.
 */
const DIRECT: Readonly<Partial<Record<RouteKind, Handler>>> = {
  base: HANDLERS.base.ANY,
  manifest: HANDLERS.manifest.GET,
  blob: HANDLERS.blob.GET,
};

const READS = ["GET", "HEAD"];
const READ_ONLY =
  "the registry is read-only for now (storage.maintenance.readonly): nothing can be pushed or deleted";
const WRITES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
/** All that is answered anywhere. TRACE, which hands a request's credentials back, is not. */
const KNOWN = [...METHODS, "OPTIONS"];

interface Bindings {
  readonly exchange: Exchange;
}

type Routes = Hono<{ Bindings: Bindings }>;

export interface Router {
  /** Answers anything; it wants the exchange among its bindings. */
  readonly hono: Routes;
  /** Answers what needs no more than a look into the table. @returns `undefined` for the rest. */
  answerDirectly(exchange: Exchange): Promise<void> | undefined;
}

export interface RouterDeps extends HandlerDeps, RespondDeps {
  /** `maintenance.readonly`: nothing that writes is there at all. */
  readonly readOnly: boolean;
}

export function createRouter(deps: RouterDeps): Router {
  const hono: Routes = new Hono<{ Bindings: Bindings }>({
    getPath: (_request, { env } = {}) => `/${kindOf(env)}`,
  });
  for (const [kind, methods] of Object.entries(HANDLERS)) {
    addRoute(hono, { path: `/${kind}`, methods: permitted(methods, deps), deps });
  }
  hono.onError((error) => {
    throw error;
  });
  return {
    hono,
    answerDirectly(exchange) {
      const { method, route } = exchange;
      const handler =
        method === "GET" || method === "HEAD" ? DIRECT[route?.kind ?? "root"] : undefined;
      return handler && answer(exchange, handler, deps);
    },
  };
}

async function answer(exchange: Exchange, handler: Handler, deps: RouterDeps): Promise<void> {
  const admitting = admit(exchange, deps.access);
  // Who is known is not waited for.
  if (admitting !== undefined) await admitting;
  await respond(exchange, await handler(exchange, deps), deps);
}

/** Hono knows the bindings as whatever the server gives; ours always hold an exchange with a route. */
function kindOf(env: Bindings | object | undefined): string {
  return env !== undefined && "exchange" in env ? (env.exchange.route?.kind ?? "") : "";
}

function permitted(methods: Methods, { readOnly }: RouterDeps): Methods {
  if (!readOnly) return methods;
  return Object.fromEntries(Object.entries(methods).filter(([method]) => !WRITES.has(method)));
}

function addRoute(
  router: Routes,
  { path, methods, deps }: { path: string; methods: Methods; deps: RouterDeps },
): void {
  const answerBy = async (
    context: Context<{ Bindings: Bindings }>,
    handler: Handler,
  ): Promise<Response> => {
    await answer(context.env.exchange, handler, deps);
    return RESPONSE_ALREADY_SENT;
  };
  const { ANY: any } = methods;
  if (any !== undefined) router.on(KNOWN, path, (context) => answerBy(context, any));
  for (const method of METHODS) {
    const handler = methods[method];
    if (handler !== undefined) router.on(method, path, (context) => answerBy(context, handler));
  }
  const allow = deps.readOnly ? READS : allowed(methods);
  router.on("OPTIONS", path, (context) =>
    answerBy(context, () => ({ status: 200, headers: { Allow: allow.join(", ") } })),
  );
  router.all(path, ({ env: { exchange } }) => {
    const isRefusedWrite = deps.readOnly && WRITES.has(exchange.method);
    throw new MethodNotAllowed(allow, isRefusedWrite ? READ_ONLY : undefined);
  });
}

function allowed(methods: Methods): readonly string[] {
  const names = "ANY" in methods ? KNOWN : Object.keys(methods);
  return (names.includes("GET") ? [...names, "HEAD"] : names).toSorted();
}
