/** Blobs, descriptors and manifests of the rows, kept as the bytes that go over the wire. */
import { createHash, randomBytes } from "node:crypto";

export const OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
export const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";
export const OCTET_STREAM = "application/octet-stream";
export const EXAMPLE_ARTIFACT_A = "application/vnd.example.conformance.a";
export const EXAMPLE_ARTIFACT_B = "application/vnd.example.conformance.b";

export const ALGORITHMS = ["sha256", "sha512"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** `algorithm:hex` of the bytes, computed apart from the code under test. */
export function contentDigest(bytes: Uint8Array, algorithm: Algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

export interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

export function blobOf(bytes: Uint8Array | string, algorithm: Algorithm = "sha256"): Blob {
  const exact = Buffer.from(bytes);
  return { bytes: exact, digest: contentDigest(exact, algorithm) };
}

/** Random bytes, so that no other row or earlier run has pushed them. */
export function newBlob(sizeBytes: number, algorithm: Algorithm = "sha256"): Blob {
  return blobOf(randomBytes(sizeBytes), algorithm);
}

/** A digest of content that nobody has. */
export function absentDigest(algorithm: Algorithm = "sha256"): string {
  return newBlob(64, algorithm).digest;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md; other members may stand beside these. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly data?: string;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** Works for blobs and manifests alike. */
export function descriptorOf(
  content: Blob,
  mediaType: string,
  extra: Partial<Descriptor> = {},
): Descriptor {
  return { mediaType, digest: content.digest, size: content.bytes.byteLength, ...extra };
}

/** A manifest as it is pushed: the bytes are the truth. */
export interface ManifestDocument extends Blob {
  readonly mediaType: string;
  /** The digest of its `subject`, if it has one. */
  readonly subject?: string;
}

export interface DocumentOptions {
  readonly algorithm?: Algorithm;
  /** Text instead of what `JSON.stringify` gives, for documents with blanks, odd order or broken syntax. */
  readonly text?: string;
}

/** @param value what the document says; its `mediaType` member is not added. */
export function documentOf(
  mediaType: string,
  value: Readonly<Record<string, unknown>>,
  options: DocumentOptions = {},
): ManifestDocument {
  const text = options.text ?? JSON.stringify(value);
  const blob = blobOf(text, options.algorithm);
  const subject = value["subject"] as Descriptor | undefined;
  return { ...blob, mediaType, ...(subject && { subject: subject.digest }) };
}

export interface ImageParts {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** More members, or other values for the usual ones; one that is `undefined` is left out. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly algorithm?: Algorithm;
}

export function imageManifest(parts: ImageParts): ManifestDocument {
  const { config, layers, members, algorithm } = parts;
  const value = { schemaVersion: 2, mediaType: OCI_IMAGE, config, layers, ...members };
  return documentOf(OCI_IMAGE, value, algorithm === undefined ? {} : { algorithm });
}

export interface IndexParts {
  readonly manifests: readonly Descriptor[];
  readonly members?: Readonly<Record<string, unknown>>;
  readonly algorithm?: Algorithm;
}

export function imageIndex(parts: IndexParts): ManifestDocument {
  const { manifests, members, algorithm } = parts;
  const value = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...members };
  return documentOf(OCI_INDEX, value, algorithm === undefined ? {} : { algorithm });
}
