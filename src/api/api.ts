/** The API of administrators and their tools: HTTP `/api/v1`. */
import { type Context, Hono } from "hono";
import { isCrossSite } from "../lib/cross-site.ts";
import { accessOperations } from "./access-operations.ts";
import { admit } from "./admit.ts";
import type { ApiDeps } from "./api-deps.ts";
import { auditOperations } from "./audit-operations.ts";
import { AuditTrail } from "./audit-trail.ts";
import { toErrorAnswer } from "./error-response.ts";
import { CrossSiteRequest, MethodNotAllowed, NothingThere } from "./errors.ts";
import { keyOperations } from "./key-operations.ts";
import { describeApi } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import { repositoryOperations } from "./repository-operations.ts";
import type { ApiEnvironment } from "./request.ts";
import { robotOperations } from "./robot-operations.ts";

type ApiContext = Context<ApiEnvironment>;

const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];
const COMMON_HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Answers everything below `api/v1` of the prefix, and every other path with 404. */
export function createApi(deps: ApiDeps): Hono<ApiEnvironment> {
  const trail = new AuditTrail(deps);
  const parts = { ...deps, trail };
  const operations = [
    ...accessOperations(parts),
    ...robotOperations(parts),
    ...auditOperations(parts),
    ...repositoryOperations(parts),
    ...keyOperations(parts),
  ];
  const base = `${deps.prefix}api/v1`;
  const api = new Hono<ApiEnvironment>();
  api.use(refuseCrossSite);
  describeAt(api, `${base}/openapi.json`, () =>
    describeApi(operations, { version: deps.version, base }),
  );
  for (const one of operations) {
    api.on(one.method.toUpperCase(), routeOf(base, one), (context) =>
      carryOut(one, context, parts),
    );
  }
  for (const path of new Set(operations.map((one) => routeOf(base, one)))) {
    const methods = operations.filter((one) => routeOf(base, one) === path).flatMap(methodsOf);
    api.all(path, () => {
      throw new MethodNotAllowed(methods);
    });
  }
  api.notFound((context) => failed(new NothingThere(), context, deps));
  api.onError((error, context) => failed(error, context, deps));
  return api;
}

async function refuseCrossSite({ req, env }: ApiContext, next: () => Promise<void>): Promise<void> {
  const headers = { origin: req.header("origin"), secFetchSite: req.header("sec-fetch-site") };
  if (!SAFE_METHODS.includes(req.method) && isCrossSite(headers, env.origin)) {
    throw new CrossSiteRequest();
  }
  await next();
}

/** Made at the first request, and kept. */
function describeAt(api: Hono<ApiEnvironment>, path: string, describe: () => unknown): void {
  let text: string | undefined;
  api.get(path, () => {
    text ??= `${JSON.stringify(describe())}\n`;
    return answered({ status: 200, mediaType: "application/json", text });
  });
  api.all(path, () => {
    throw new MethodNotAllowed(["GET", "HEAD"]);
  });
}

/** As the router writes it: names of repositories have slashes. */
function routeOf(base: string, { path }: Operation): string {
  return `${base}${path.replace("{repository}", ":repository{.+}").replace("{name}", ":name")}`;
}

function methodsOf({ method }: Operation): readonly string[] {
  return method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()];
}

async function carryOut(
  one: Operation,
  context: ApiContext,
  deps: ApiDeps & { readonly trail: AuditTrail },
): Promise<Response> {
  const { env, req } = context;
  const [name = ""] = Object.values(req.param());
  const asked = { env, request: req.raw, name };
  const caller = await admit(one, asked, deps);
  const result = await one.run({ ...asked, caller });
  const { status, mediaType, schema } = one.answer;
  if (schema === undefined) return context.body(null, 204, COMMON_HEADERS);
  const text = typeof result === "string" ? result : `${JSON.stringify(result)}\n`;
  return answered({ status, mediaType, text });
}

function answered({
  status,
  mediaType,
  text,
}: {
  readonly status: Operation["answer"]["status"];
  readonly mediaType: string;
  readonly text: string;
}): Response {
  return new Response(text, { status, headers: { ...COMMON_HEADERS, "Content-Type": mediaType } });
}

function failed(error: unknown, { env, req }: ApiContext, { log }: Pick<ApiDeps, "log">): Response {
  const { status, headers, body } = toErrorAnswer(error);
  if (status >= 500) {
    const fields = { "http.request.id": env.id, "http.request.method": req.method };
    log.error("a request to the API failed", { ...fields, "http.request.uri": req.path, error });
  }
  const common = { ...COMMON_HEADERS, "Content-Type": "application/json" };
  return new Response(body, { status, headers: { ...common, ...headers } });
}
