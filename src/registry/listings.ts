/**
 * Lists: the catalog and the tags of a repository.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags; the
 * catalog is the reference registry's.
 */
import type { Caller } from "../auth/access.ts";
import { NameUnknown } from "../content/errors.ts";
import type { WantedNames } from "../content/walk.ts";
import { jsonBody } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Handler } from "./handler.ts";
import { nextLink, parsePageSize } from "./pagination.ts";

const DEFAULT_CATALOG_ENTRIES = 100;

/** Without `n` all tags come: clients of the reference's second version do not follow `Link`. */
export const listTags: Handler = async (exchange, { content, settings }) => {
  const { name } = exchange.routeOf("tags");
  const n = pageSize(exchange, settings.maxTags);
  const found = await content.tags.list(name, {
    signal: exchange.signal,
    after: after(exchange),
    limit: n && n + 1,
  });
  if (found === undefined) throw new NameUnknown(name);
  const tags = found.slice(0, n);
  const isMore = tags.length < found.length;
  const headers = link(exchange, { path: `${name}/tags/list`, items: tags, isMore });
  return { status: 200, headers, body: jsonBody({ name, tags }) };
};

export const listCatalog: Handler = async (exchange, { content, settings }) => {
  const { caller } = exchange;
  const max = settings.maxCatalogEntries;
  const n = pageSize(exchange, max) ?? Math.min(DEFAULT_CATALOG_ENTRIES, max);
  const found = await content.catalog.page({
    signal: exchange.signal,
    after: after(exchange),
    limit: n && n + 1,
    wanted: caller.seesAll ? undefined : readableBy(caller),
  });
  const repositories = found.slice(0, n);
  const isMore = repositories.length < found.length;
  const headers = link(exchange, { path: "_catalog", items: repositories, isMore });
  return { status: 200, headers, body: jsonBody({ repositories }) };
};

/** What is not theirs to see costs no time, which would tell of it. */
function readableBy(caller: Caller): WantedNames {
  return {
    has: (name) => caller.may("pull", name),
    mayLieBelow: (folder) => caller.maySeeBelow(folder),
  };
}

function pageSize(exchange: Exchange, max: number): number | undefined {
  return parsePageSize(exchange.query.one("n", "PAGINATION_NUMBER_INVALID"), max);
}

/** Any text will do: it need not name anything that exists. */
function after(exchange: Exchange): string | undefined {
  return exchange.query.one("last", "PAGINATION_NUMBER_INVALID");
}

function link(
  exchange: Exchange,
  page: { readonly path: string; readonly items: readonly string[]; readonly isMore: boolean },
): Record<string, string> {
  const last = page.items.at(-1);
  if (last === undefined || !page.isMore) return {};
  return { Link: nextLink(exchange.path(page.path), { last, n: page.items.length }) };
}
