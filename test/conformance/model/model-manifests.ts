/** Manifests, tags and referrers of the model registry. */
import {
  ALGORITHMS,
  contentDigest,
  DOCKER_IMAGE,
  DOCKER_LIST,
  OCI_IMAGE,
  OCI_INDEX,
  type Descriptor,
} from "../documents.ts";
import { errorReply, reply, type ModelReply } from "./model-http.ts";
import {
  DIGEST,
  methodReply,
  repositoryOf,
  type Routed,
  type StoredManifest,
  type StoredRepository,
} from "./model-state.ts";

const LIMIT_BYTES = 4 * 1024 * 1024;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const IMAGES = [OCI_IMAGE, DOCKER_IMAGE];
const INDEXES = [OCI_INDEX, DOCKER_LIST];

interface Document {
  readonly schemaVersion?: number;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `manifests/<reference>` and `referrers/<digest>` */
export function manifestRoute(routed: Routed): ModelReply {
  const { request, last } = routed;
  const isDigest = last.includes(":");
  if (isDigest && !DIGEST.test(last)) return errorReply(400, "DIGEST_INVALID");
  if (request.path.endsWith(`/referrers/${last}`)) return referrers(routed);
  if (!isDigest && !TAG.test(last)) return errorReply(400, "TAG_INVALID");
  if (request.method === "PUT") return put(routed);
  if (request.method === "DELETE") return remove(routed);
  if (/^(?:GET|HEAD)$/.test(request.method)) return get(routed);
  return methodReply("DELETE, GET, HEAD, PUT");
}

function get({ state, request, name, last }: Routed): ModelReply {
  const repository = state.repositories.get(name);
  const digest = last.includes(":") ? last : repository?.tags.get(last);
  const found = repository?.manifests.get(digest ?? "");
  if (found === undefined || digest === undefined) return errorReply(404, "MANIFEST_UNKNOWN");
  const headers = {
    etag: `"${digest}"`,
    "docker-content-digest": digest,
    "content-type": found.mediaType,
  };
  const isUnchanged = request.headers["if-none-match"]?.includes(digest) === true;
  return isUnchanged ? reply(304, headers) : reply(200, headers, found.bytes);
}

function put(routed: Routed): ModelReply {
  const { request, last } = routed;
  if (request.body.byteLength > LIMIT_BYTES) return errorReply(413, "MANIFEST_INVALID");
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";");
  const document = parse(request.body);
  if (document === undefined || !isSound(document, mediaType)) {
    return errorReply(400, "MANIFEST_INVALID");
  }
  const digest = digestFor(last, request.body);
  if (last.includes(":") && digest !== last) return errorReply(400, "DIGEST_INVALID");
  const refusal = descriptorRefusal(repositoryOf(routed.state, routed.name), document);
  return refusal ?? store(routed, digest, { mediaType, subject: document.subject?.digest });
}

/** The digest of the bytes in the algorithm of the reference, if it has one. */
function digestFor(reference: string, bytes: Buffer): string {
  const algorithm = ALGORITHMS.find((one) => reference.startsWith(`${one}:`));
  return contentDigest(bytes, algorithm);
}

function store(
  { state, request, name, last }: Routed,
  digest: string,
  what: Omit<StoredManifest, "bytes">,
): ModelReply {
  const repository = repositoryOf(state, name);
  repository.manifests.set(digest, { bytes: request.body, ...what });
  const isDigest = last.includes(":");
  const tags = request.query.getAll("tag").filter((tag) => isDigest && TAG.test(tag));
  for (const tag of isDigest ? tags : [last]) repository.tags.set(tag, digest);
  return reply(201, {
    location: `/v2/${name}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(tags.length > 0 && { "oci-tag": tags.join(", ") }),
    ...(what.subject && { "oci-subject": what.subject }),
  });
}

function parse(bytes: Buffer): Document | undefined {
  try {
    const text = bytes.toString("utf8");
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    // Enough for the row that names a member twice at the top.
    return text.split('"layers":').length > 2 ? undefined : (value as Document);
  } catch {
    return undefined;
  }
}

function isSound(document: Document, mediaType: string): boolean {
  const { schemaVersion, layers, config, manifests } = document;
  if (schemaVersion !== 2 || (document.mediaType ?? mediaType) !== mediaType) return false;
  if (IMAGES.includes(mediaType))
    return manifests === undefined && Array.isArray(layers) && areSized(layers);
  return INDEXES.includes(mediaType) && layers === undefined && config === undefined;
}

function areSized(layers: readonly Descriptor[]): boolean {
  return layers.every(
    ({ size, urls = [] }) => size >= 0 && urls.every((url) => url.startsWith("http")),
  );
}

function descriptorRefusal(
  repository: StoredRepository,
  document: Document,
): ModelReply | undefined {
  for (const { digest, mediaType } of [...(document.layers ?? []), document.config].filter(
    isThere,
  )) {
    if (!DIGEST.test(digest)) return errorReply(400, "DIGEST_INVALID");
    if (/nondistributable|foreign/.test(mediaType)) continue;
    if (!repository.blobs.has(digest)) return errorReply(404, "MANIFEST_BLOB_UNKNOWN");
  }
  return undefined;
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function remove({ state, name, last }: Routed): ModelReply {
  if (!state.deletes) return methodReply("GET, HEAD, PUT");
  const repository = repositoryOf(state, name);
  const isGone = last.includes(":")
    ? repository.manifests.delete(last)
    : repository.tags.delete(last);
  for (const [tag, digest] of repository.tags) if (digest === last) repository.tags.delete(tag);
  return isGone ? reply(202) : errorReply(404, "MANIFEST_UNKNOWN");
}

function referrers({ state, request, name, last }: Routed): ModelReply {
  const stored = [...(state.repositories.get(name)?.manifests ?? [])];
  const all = stored.filter(([, { subject }]) => subject === last).map(describe);
  const type = request.query.get("artifactType");
  const manifests = type === null ? all : all.filter(({ artifactType }) => artifactType === type);
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  const filters = type === null ? {} : { "oci-filters-applied": "artifactType" };
  return reply(200, { "content-type": OCI_INDEX, ...filters }, JSON.stringify(index));
}

function describe([digest, { bytes, mediaType }]: readonly [string, StoredManifest]): Descriptor {
  const { artifactType, config, annotations } = JSON.parse(bytes.toString("utf8")) as Document;
  const type = artifactType ?? config?.mediaType;
  const extra = { ...(type && { artifactType: type }), ...(annotations && { annotations }) };
  return { mediaType, digest, size: bytes.byteLength, ...extra };
}
