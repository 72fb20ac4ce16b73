/** Finds manifests by digest or tag, and never gives out bytes that have another digest. */
import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import { ManifestInvalid, MAX_MANIFEST_BYTES, parseManifest } from "../oci/manifest.ts";
import type { Reference } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { ManifestUnknown, StoredBytesDamaged } from "./errors.ts";
import { blobData, revisionLink, tagCurrentLink } from "./layout.ts";
import type { Links } from "./links.ts";
import type { ManifestCache, StoredManifest } from "./manifest-cache.ts";
import type { Presence } from "./presence.ts";

interface Deps {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly presence: Presence;
  readonly cache: ManifestCache;
}

/** Schema 1 is served to those who ask by digest, as very old data holds it; it cannot be pushed. */
const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

export class ManifestReader {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws {ManifestUnknown} @throws {StoredBytesDamaged} rather than serve wrong bytes. */
  async get(
    repository: RepositoryName,
    reference: Reference,
    options: CallOptions,
  ): Promise<StoredManifest> {
    const digest =
      reference.kind === "digest"
        ? reference.digest
        : await this.#deps.links.read(tagCurrentLink(repository, reference.tag), options);
    const manifest = digest && (await this.#revision(repository, digest, options));
    if (digest === undefined || manifest === undefined) throw new ManifestUnknown(reference);
    return manifest;
  }

  async #revision(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<StoredManifest | undefined> {
    const { links, cache } = this.#deps;
    const target = await links.readRecent(revisionLink(repository, digest), options);
    if (target === undefined) return undefined;
    const manifest = await cache.read(blobData(target), () => this.#load(target, options));
    if (manifest === undefined || digest === target) return manifest;
    // Known to be the bytes of the digest that they lie under, which for a sha512 one is its sha256.
    if (digestOf(manifest.bytes, algorithmOf(digest)) !== digest) {
      throw new StoredBytesDamaged(digest);
    }
    return { ...manifest, digest };
  }

  async #load(digest: Digest, options: CallOptions): Promise<StoredManifest | undefined> {
    const { driver, presence } = this.#deps;
    const stored = await presence.confirmData(digest, options);
    if (stored === undefined) return undefined;
    const limits = { signal: options.signal, maxBytes: MAX_MANIFEST_BYTES };
    const bytes = await readWhole(driver, stored.dataKey, limits);
    if (bytes === undefined) return undefined;
    if (digestOf(bytes, algorithmOf(digest)) !== digest) throw new StoredBytesDamaged(digest);
    // Memory of its own: a slice of a pool would keep the whole of that.
    const own = Buffer.allocUnsafeSlow(bytes.byteLength);
    bytes.copy(own);
    return { digest, mediaType: storedType(own), bytes: own };
  }
}

function storedType(bytes: Buffer): string {
  try {
    return parseManifest(bytes).mediaType;
  } catch (error) {
    // Documents that other programs stored and that are no manifests of today.
    if (error instanceof ManifestInvalid) return SCHEMA_1;
    throw error;
  }
}
