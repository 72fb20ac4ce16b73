/**
 * `GET /v2/<name>/referrers/<digest>`.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
import type { ReferrerDescriptor } from "../content/referrer-index.ts";
import { MAX_MANIFEST_BYTES } from "../oci/manifest.ts";
import { OCI_INDEX } from "../oci/media-type.ts";
import { jsonBody } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Handler } from "./handler.ts";

/** Room for what stands around the list, so that a page is never larger than a manifest may be. */
const MAX_PAGE_BYTES = MAX_MANIFEST_BYTES - 1024;

/** Always 200, also for what nobody has pushed: a 404 means to clients that there is no such API. */
export const listReferrers: Handler = async (exchange, { content }) => {
  const { name, subject } = exchange.routeOf("referrers");
  const artifactType = exchange.query.one("artifactType", "UNSUPPORTED");
  const after = exchange.query.one("last", "UNSUPPORTED") ?? "";
  const { signal } = exchange;
  const isReadable = exchange.caller.may("pull", name);
  const all = isReadable
    ? content.manifests.referrers(name, subject, { signal, after })
    : nothing();
  const { manifests, isMore } = await firstPage(all, artifactType);
  const body = jsonBody({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  const headers = {
    ...(artifactType !== undefined && { "OCI-Filters-Applied": "artifactType" }),
    ...(isMore && { Link: next(exchange, manifests, artifactType) }),
  };
  return { status: 200, headers, body };
};

/** What they may not read looks as if nobody referred to it. */
async function* nothing(): AsyncGenerator<never> {}

interface Page {
  readonly manifests: readonly ReferrerDescriptor[];
  readonly isMore: boolean;
}

/** As many as fit; at least one, so that paging always comes to an end. No more is read than that. */
async function firstPage(
  entries: AsyncIterable<ReferrerDescriptor>,
  artifactType: string | undefined,
): Promise<Page> {
  const manifests: ReferrerDescriptor[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    if (artifactType !== undefined && entry.artifactType !== artifactType) continue;
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (manifests.length > 0 && bytes > MAX_PAGE_BYTES) return { manifests, isMore: true };
    manifests.push(entry);
  }
  return { manifests, isMore: false };
}

function next(
  exchange: Exchange,
  page: readonly ReferrerDescriptor[],
  artifactType: string | undefined,
): string {
  const { name, subject } = exchange.routeOf("referrers");
  const query = new URLSearchParams({
    ...(artifactType !== undefined && { artifactType }),
    last: page.at(-1)?.digest ?? "",
  });
  return `<${exchange.path(`${name}/referrers/${subject}`)}?${query.toString()}>; rel="next"`;
}
