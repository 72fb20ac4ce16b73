/**
 * The smallest registry that passes every row: it shows that the rows can be passed together, and with
 * one fault at a time that they can be failed. In memory, without limits, for tests of the suite only.
 */
import { blobRoute, startRoute, uploadRoute } from "./model-blobs.ts";
import {
  errorReply,
  jsonReply,
  reply,
  type Handler,
  type ModelReply,
  type ModelRequest,
} from "./model-http.ts";
import { manifestRoute } from "./model-manifests.ts";
import { methodReply, type ModelState, type Routed } from "./model-state.ts";

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const MAX_PAGE = 1000;

/** @param options.deletes whether DELETE of blobs and manifests is switched on. */
export function createModelRegistry(options: { readonly deletes: boolean }): Handler {
  const state: ModelState = { ...options, repositories: new Map(), uploads: new Map() };
  return (request) => {
    if (/^\/(?:v2\/?)?$/.test(request.path)) return ping();
    if (request.path === "/v2/_catalog") return catalog(state, request);
    for (const [pattern, route] of ROUTES) {
      const [, name = "", last = ""] = pattern.exec(request.path) ?? [];
      if (name === "") continue;
      if (name.length > 255 || !NAME.test(name)) return errorReply(400, "NAME_INVALID");
      return route({ state, request, name, last });
    }
    return errorReply(404, "NAME_UNKNOWN");
  };
}

const ROUTES: readonly (readonly [RegExp, (routed: Routed) => ModelReply])[] = [
  [/^\/v2\/([^]+)\/tags\/list$/, tagsRoute],
  [/^\/v2\/([^]+)\/blobs\/uploads\/?()$/, startRoute],
  [/^\/v2\/([^]+)\/blobs\/uploads\/([^/]+)$/, uploadRoute],
  [/^\/v2\/([^]+)\/manifests\/([^/]+)$/, manifestRoute],
  [/^\/v2\/([^]+)\/referrers\/([^/]+)$/, manifestRoute],
  [/^\/v2\/([^]+)\/blobs\/([^/]+)$/, blobRoute],
];

function ping(): ModelReply {
  return reply(200, { "content-type": "application/json" }, "{}");
}

function catalog(state: ModelState, request: ModelRequest): ModelReply {
  const names = [...state.repositories].filter(
    ([, { blobs, manifests }]) => blobs.size + manifests.size > 0,
  );
  const all = names.map(([name]) => name).toSorted();
  return page({ request, all, key: "repositories", extra: {} });
}

function tagsRoute({ state, request, name }: Routed): ModelReply {
  if (!/^(?:GET|HEAD)$/.test(request.method)) return methodReply("GET, HEAD");
  const found = state.repositories.get(name);
  if (found === undefined || found.manifests.size === 0) return errorReply(404, "NAME_UNKNOWN");
  return page({ request, all: [...found.tags.keys()].toSorted(), key: "tags", extra: { name } });
}

interface PageParts {
  readonly request: ModelRequest;
  readonly all: readonly string[];
  readonly key: string;
  readonly extra: Readonly<Record<string, string>>;
}

function page({ request, all, key, extra }: PageParts): ModelReply {
  const asked = request.query.get("n");
  if (asked !== null && !/^\d+$/.test(asked)) return errorReply(400, "PAGINATION_NUMBER_INVALID");
  const last = request.query.get("last") ?? "";
  const rest = all.filter((one) => one > last);
  const n = asked === null ? rest.length : Math.min(Number(asked), MAX_PAGE);
  const items = rest.slice(0, n);
  const query = new URLSearchParams({ last: items.at(-1) ?? "", n: String(n) });
  const link = { link: `<${request.path}?${query.toString()}>; rel="next"` };
  const isCut = items.length > 0 && items.length < rest.length;
  return jsonReply(200, { ...extra, [key]: items }, isCut ? link : {});
}
