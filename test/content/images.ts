/** Makes and pushes the content of tests. */
import type { ContentStore } from "../../src/content/content-store.ts";
import type { PushedManifest } from "../../src/content/manifest-store.ts";
import { type Digest, digestOf, type DigestAlgorithm } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseReference, parseTag, type Tag } from "../../src/oci/reference.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/repository-name.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";

/** The repository of tests that need no other. */
export const APP = parseRepositoryName("team/app");
export const OTHER = parseRepositoryName("team/other");

/** Who pushes in tests. */
export function actor(name = "ann"): {
  readonly signal: AbortSignal;
  readonly actor: string;
  readonly mayOverwrite: true;
} {
  return { ...calm(), actor: name, mayOverwrite: true };
}

export interface Described {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

export function describeBytes(bytes: Buffer, mediaType: string): Described {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/** Pushes bytes in one piece. @returns the digest it was pushed by. */
export async function pushBlob(
  { uploads }: ContentStore,
  bytes: Buffer | string,
  {
    repository = APP,
    algorithm = "sha256",
  }: { readonly repository?: RepositoryName; readonly algorithm?: DigestAlgorithm } = {},
): Promise<Digest> {
  const body = Buffer.from(bytes);
  const digest = digestOf(body, algorithm);
  const upload = await uploads.start(repository, calm());
  const chunk = { bytes: chunks(body), startBytes: undefined };
  await uploads.commit(upload, { chunk, digest }, calm());
  return digest;
}

export interface ImageOptions {
  readonly config?: Buffer;
  readonly layers?: readonly Buffer[];
  /** Members that are added to the document, or take the place of its own. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export const CONFIG = Buffer.from(`{"architecture":"amd64","os":"linux"}`);
export const LAYER = Buffer.from("the bytes of a layer");

/** An OCI image manifest of a config and one layer, unless told otherwise. */
export function imageManifest({
  config = CONFIG,
  layers = [LAYER],
  members,
}: ImageOptions = {}): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describeBytes(config, OCI_CONFIG),
    layers: layers.map((layer) => describeBytes(layer, OCI_LAYER_GZIP)),
    ...members,
  };
  return Buffer.from(JSON.stringify(document));
}

/** An OCI index of documents that are there or not. */
export function imageIndex(
  children: readonly Described[],
  members?: Readonly<Record<string, unknown>>,
): Buffer {
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children, ...members };
  return Buffer.from(JSON.stringify(document));
}

/** Pushes a manifest as the type that it says. */
export async function pushManifest(
  { manifests }: ContentStore,
  bytes: Buffer,
  {
    repository = APP,
    reference = digestOf(bytes),
    tags = [],
  }: {
    readonly repository?: RepositoryName;
    readonly reference?: string;
    readonly tags?: readonly Tag[];
  } = {},
): Promise<PushedManifest> {
  const push = { reference: parseReference(reference), tags, contentType: undefined, bytes };
  return await manifests.put(repository, push, actor());
}

/** Pushes an image with all it needs. @returns its manifest. */
export async function pushImage(
  content: ContentStore,
  reference: string | undefined,
  { repository = APP, ...image }: ImageOptions & { readonly repository?: RepositoryName } = {},
): Promise<Buffer> {
  const { config = CONFIG, layers = [LAYER] } = image;
  for (const bytes of [config, ...layers]) await pushBlob(content, bytes, { repository });
  const manifest = imageManifest(image);
  const where = reference === undefined ? { repository } : { repository, reference };
  await pushManifest(content, manifest, where);
  return manifest;
}

export function tagged(text: string): { readonly kind: "tag"; readonly tag: Tag } {
  return { kind: "tag", tag: parseTag(text) };
}

export function byDigest(digest: Digest): { readonly kind: "digest"; readonly digest: Digest } {
  return { kind: "digest", digest };
}
