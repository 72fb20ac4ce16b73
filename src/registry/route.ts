/**
 * From the raw request target to what is asked for. Everything outside is parsed here, once.
 *
 * Names may hold the words of the paths (`a/blobs/uploads` is a legal name), so a path is matched from
 * its right-hand end: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
 */
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import { BadRequest, RouteUnknown } from "./errors.ts";

export type Route =
  | { readonly kind: "root" }
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags"; readonly name: RepositoryName }
  | { readonly kind: "manifest"; readonly name: RepositoryName; readonly reference: Reference }
  | { readonly kind: "referrers"; readonly name: RepositoryName; readonly subject: Digest }
  | { readonly kind: "blob"; readonly name: RepositoryName; readonly digest: Digest }
  | { readonly kind: "blob_upload"; readonly name: RepositoryName }
  | { readonly kind: "blob_upload_chunk"; readonly name: RepositoryName; readonly id: string };

export type RouteKind = Route["kind"];
export type RouteOf<Kind extends RouteKind> = Extract<Route, { readonly kind: Kind }>;

/** Longer ones are refused before any pattern sees them. */
const MAX_PATH_LENGTH = 4096;

/** Clients ask for the same targets again and again. */
const MAX_KEPT = 1_000;
const MAX_KEPT_LENGTH = 512;

/** Parses targets, and remembers what came of the last ones. */
export class Routes {
  readonly #prefix: string;
  readonly #kept = new BoundedMap<string, Route>(MAX_KEPT);

  /** @param prefix what stands before `v2/`; begins and ends with `/`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The same object for the same path. @throws what {@link parseRoute} throws. */
  parse(path: string): Route {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const route = parseRoute(path, this.#prefix);
    if (path.length <= MAX_KEPT_LENGTH) this.#kept.set(path, route);
    return route;
  }
}

/**
 * @param path the part of the request target before the `?`, as it came over the wire.
 * @param prefix what stands before `v2/`; begins and ends with `/`.
 * @throws {RouteUnknown} {BadRequest} {InvalidName} {InvalidTag} {InvalidDigest}
 */
export function parseRoute(path: string, prefix: string): Route {
  const decoded = decodePath(path);
  if (decoded === "/") return { kind: "root" };
  if (!`${decoded}/`.startsWith(`${prefix}v2/`)) throw new RouteUnknown();
  const segments = decoded.slice(prefix.length + "v2/".length).split("/");
  if (segments.at(-1) === "") segments.pop();
  if (segments.length === 0) return { kind: "base" };
  if (segments.includes("")) throw new BadRequest("NAME_INVALID", "an empty path segment");
  return matchEnd(segments);
}

/**
 * Clients escape the colon of a digest and the slashes of a name, if anything. Any other escape could
 * only hide a path from whoever looks at it before us.
 */
function decodePath(path: string): string {
  if (path.length > MAX_PATH_LENGTH) throw new BadRequest("NAME_INVALID", "the path is too long");
  if (!path.includes("%")) return path;
  const decoded = path.replaceAll(/%3a/gi, ":").replaceAll(/%2f/gi, "/");
  if (decoded.includes("%")) {
    throw new BadRequest("NAME_INVALID", "the path has escapes other than %3A and %2F");
  }
  return decoded;
}

function matchEnd(segments: readonly string[]): Route {
  if (segments.length === 1 && segments[0] === "_catalog") return { kind: "catalog" };
  const route = matchUpload(segments) ?? matchPair(segments);
  if (route === undefined) throw new RouteUnknown();
  return route;
}

/** `<name>/blobs/uploads` and `<name>/blobs/uploads/<id>`. */
function matchUpload(segments: readonly string[]): Route | undefined {
  const [third, second, last = ""] = [segments.at(-3), segments.at(-2), segments.at(-1)];
  if (second === "blobs" && last === "uploads" && segments.length > 2) {
    return { kind: "blob_upload", name: nameBefore(segments, 2) };
  }
  if (third === "blobs" && second === "uploads" && segments.length > 3) {
    return { kind: "blob_upload_chunk", name: nameBefore(segments, 3), id: last };
  }
  return undefined;
}

/** `<name>/<word>/<what>`. */
function matchPair(segments: readonly string[]): Route | undefined {
  if (segments.length < 3) return undefined;
  const [word = "", last = ""] = segments.slice(-2);
  const name = (): RepositoryName => nameBefore(segments, 2);
  switch (word) {
    case "tags":
      return last === "list" ? { kind: "tags", name: name() } : undefined;
    case "manifests":
      return { kind: "manifest", name: name(), reference: parseReference(last) };
    case "blobs":
      return { kind: "blob", name: name(), digest: parseDigest(last) };
    case "referrers":
      return { kind: "referrers", name: name(), subject: parseDigest(last) };
    default:
      return undefined;
  }
}

function nameBefore(segments: readonly string[], count: number): RepositoryName {
  return parseRepositoryName(segments.slice(0, -count).join("/"));
}
