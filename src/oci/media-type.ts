/**
 * The media types that Barge treats by name. Any other well-formed one is kept and served as it is.
 *
 * Spec: https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md
 */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
export const OCTET_STREAM = "application/octet-stream";

/** Layers that clients fetch from their `urls`, so that a registry need not hold them. */
const NON_DISTRIBUTABLE = new Set([
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
]);

export type ManifestKind = "image" | "index";

const KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  [OCI_MANIFEST, "image"],
  [DOCKER_MANIFEST, "image"],
  [OCI_INDEX, "index"],
  [DOCKER_LIST, "index"],
]);

/** `undefined` for a type that is not a manifest's. */
export function manifestKindOf(mediaType: string): ManifestKind | undefined {
  return KINDS.get(mediaType);
}

export function isDockerType(mediaType: string): boolean {
  return mediaType === DOCKER_MANIFEST || mediaType === DOCKER_LIST;
}

export function isNonDistributable(mediaType: string): boolean {
  return NON_DISTRIBUTABLE.has(mediaType);
}

/** RFC 6838 section 4.2: what may stand in a `Content-Type` header without harm. */
export function isMediaType(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/.test(
    text,
  );
}

/** The type without its parameters, in lower case: `Application/JSON; charset=utf-8` is `application/json`. */
export function essenceOf(contentType: string): string {
  const [essence = ""] = contentType.split(";", 1);
  return essence.trim().toLowerCase();
}
