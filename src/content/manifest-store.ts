/** Manifests and indexes: kept byte for byte, found by digest or tag, let in only when complete. */
import { KeyedLock } from "../lib/keyed-lock.ts";
import type { SharedLock } from "../lib/shared-lock.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import {
  type Manifest,
  ManifestInvalid,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from "../oci/manifest.ts";
import type { Reference, Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { ManifestIncomplete, ManifestUnknown } from "./errors.ts";
import { blobData, revisionLink } from "./layout.ts";
import { aliasesOf, pushedDigest } from "./manifest-digests.ts";
import type { Links } from "./links.ts";
import type { ManifestPolicy } from "./manifest-policy.ts";
import type { StoredManifest } from "./manifest-cache.ts";
import type { ManifestReader } from "./manifest-reader.ts";
import type { Presence } from "./presence.ts";
import {
  fallbackTag,
  type ReferrerDescriptor,
  referrerDescriptor,
  type ReferrerIndex,
} from "./referrer-index.ts";
import {
  type ActorOptions,
  refuseOverwrite,
  type TagSetOptions,
  type TagStore,
} from "./tag-store.ts";

export interface ManifestPush {
  readonly reference: Reference;
  /** More tags for a push by digest. */
  readonly tags: readonly Tag[];
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
}

export interface PushedManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** All tags that now point to it, in the order asked for. */
  readonly tags: readonly TagMoved[];
}

export interface TagMoved {
  readonly tag: Tag;
  /** What it pointed to before. */
  readonly from: Digest | undefined;
}

/** What may be stored, once its parts are there. */
interface JudgedManifest {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly bytes: Buffer;
  readonly tags: ReadonlySet<Tag>;
}

interface Deps {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly presence: Presence;
  readonly tags: TagStore;
  readonly referrers: ReferrerIndex;
  readonly policy: ManifestPolicy;
  readonly reader: ManifestReader;
  /** By repository: a push shares it from before its parts are looked for, whoever removes the repository has it alone. */
  readonly removing: SharedLock;
}

const CONCURRENCY = 8;
const REFERRERS_AT_A_TIME = 4;
export class ManifestStore {
  readonly #deps: Deps;
  /** By the link under its sha256: a push and a deletion of one manifest never mix in this process. */
  readonly #changing = new KeyedLock();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** See {@link ManifestReader.get}. */
  get(
    repository: RepositoryName,
    reference: Reference,
    options: CallOptions,
  ): Promise<StoredManifest> {
    return this.#deps.reader.get(repository, reference, options);
  }

  /**
   * Resolves when manifest, referrer entry and tags are durable, in that order.
   * @throws {ManifestInvalid} {ManifestRefused} {ManifestIncomplete} {DigestMismatch} {TagExists}; nothing
   * is stored then, unless the tag came to be only meanwhile.
   */
  async put(
    repository: RepositoryName,
    { reference, tags: more, contentType, bytes }: ManifestPush,
    options: TagSetOptions,
  ): Promise<PushedManifest> {
    const { policy, removing } = this.#deps;
    const manifest = parseManifest(bytes, contentType);
    policy.judge(manifest);
    const digest = pushedDigest(reference, bytes);
    const tags = new Set([...(reference.kind === "tag" ? [reference.tag] : []), ...more]);
    return await removing.share(repository, () =>
      this.#put(repository, { digest, manifest, bytes, tags }, options),
    );
  }

  async #put(
    repository: RepositoryName,
    { digest, manifest, bytes, tags: wanted }: JudgedManifest,
    options: TagSetOptions,
  ): Promise<PushedManifest> {
    const { signal } = options;
    const { tags } = this.#deps;
    await this.#refuseIncomplete(repository, manifest, { signal });
    await this.#refuseOverwrites(repository, { tags: wanted, to: digest }, options);
    const moved = await this.#changing.run(revisionLink(repository, digestOf(bytes)), async () => {
      await this.#store(repository, { digest, manifest, bytes }, { signal });
      const moves: TagMoved[] = [];
      for (const tag of wanted) {
        moves.push({ tag, from: await tags.set(repository, { tag, to: digest }, options) });
      }
      return moves;
    });
    return { digest, manifest, tags: moved };
  }

  /** Removes the tags that point to it, then itself. @returns those tags. @throws {ManifestUnknown} */
  async delete(
    repository: RepositoryName,
    digest: Digest,
    options: ActorOptions,
  ): Promise<readonly Tag[]> {
    const link = revisionLink(repository, digest);
    const sha256 = await this.#deps.links.read(link, options);
    if (sha256 === undefined) throw new ManifestUnknown({ kind: "digest", digest });
    return await this.#changing.run(revisionLink(repository, sha256), () =>
      this.#delete(repository, { asked: digest, sha256 }, options),
    );
  }

  /**
   * Everything that refers to `subject`, the list under its fallback tag included, in ascending order
   * of digest. Entries are read a few at a time, for each may be as large as a manifest.
   * @param options.after only digests behind this text.
   */
  async *referrers(
    repository: RepositoryName,
    subject: Digest,
    options: CallOptions & { readonly after: string },
  ): AsyncGenerator<ReferrerDescriptor> {
    const { referrers } = this.#deps;
    const indexed = new Set(await Array.fromAsync(referrers.digests(repository, subject, options)));
    const listed = await this.#fallbackDigests(repository, subject, options);
    const digests = [...new Set([...indexed, ...listed])].filter((one) => one > options.after);
    const entries = pooledMap(digests.toSorted(), REFERRERS_AT_A_TIME, (digest) =>
      indexed.has(digest)
        ? referrers.describe(repository, { subject, digest }, options)
        : this.#describe(repository, digest, options),
    );
    for await (const entry of entries) if (entry !== undefined) yield entry;
  }

  #read(key: string, { signal }: CallOptions): Promise<Buffer | undefined> {
    return readWhole(this.#deps.driver, key, { signal, maxBytes: MAX_MANIFEST_BYTES });
  }

  /** Here for the sake of what is stored before the tags; each of them is looked at again under its lock. */
  async #refuseOverwrites(
    repository: RepositoryName,
    { tags: wanted, to }: { readonly tags: ReadonlySet<Tag>; readonly to: Digest },
    { signal, mayOverwrite }: TagSetOptions,
  ): Promise<void> {
    if (mayOverwrite) return;
    for (const tag of wanted) {
      const from = await this.#deps.tags.resolve(repository, tag, { signal });
      refuseOverwrite({ tag, from, to }, mayOverwrite);
    }
  }

  async #refuseIncomplete(
    repository: RepositoryName,
    manifest: Manifest,
    options: CallOptions,
  ): Promise<void> {
    const { presence, policy } = this.#deps;
    const digests = new Set(policy.needs(manifest).map(({ digest }) => digest));
    const checks = pooledMap(digests, CONCURRENCY, async (digest) => {
      const blob = await presence.confirmBlob(repository, digest, options);
      if (blob !== undefined) return undefined;
      const isChild = manifest.kind === "index";
      const child = isChild && (await presence.confirmManifest(repository, digest, options));
      return child ? undefined : digest;
    });
    const missing = (await Array.fromAsync(checks)).filter((digest) => digest !== undefined);
    if (missing.length > 0) throw new ManifestIncomplete(missing);
  }

  /** Data first, then what points to it: after a crash nothing points to what is not there. */
  async #store(
    repository: RepositoryName,
    { digest, manifest, bytes }: { digest: Digest; manifest: Manifest; bytes: Buffer },
    options: CallOptions,
  ): Promise<void> {
    const { driver, links, referrers } = this.#deps;
    const sha256 = digestOf(bytes);
    await driver.write(blobData(sha256), bytes, options);
    await links.write(revisionLink(repository, sha256), sha256, options);
    if (digest !== sha256) await links.write(revisionLink(repository, digest), sha256, options);
    if (manifest.subject === undefined) return;
    const referrer = referrerDescriptor(manifest, { digest, sizeBytes: bytes.byteLength });
    await referrers.add(repository, { subject: manifest.subject.digest, referrer }, options);
  }

  async #delete(
    repository: RepositoryName,
    { asked, sha256 }: { readonly asked: Digest; readonly sha256: Digest },
    { signal, actor }: ActorOptions,
  ): Promise<readonly Tag[]> {
    const { tags } = this.#deps;
    const bytes = await this.#read(blobData(sha256), { signal });
    const aliases = aliasesOf(asked, sha256, bytes);
    const removed: Tag[] = [];
    for (const tag of await tags.pointingTo(repository, aliases, { signal })) {
      const options = { signal, actor, pointingTo: aliases };
      const from = await tags.delete(repository, tag, options);
      if (from !== undefined) removed.push(tag);
    }
    await this.#forget(repository, { aliases, subject: subjectOf(bytes) }, { signal });
    return removed;
  }

  async #forget(
    repository: RepositoryName,
    { aliases, subject }: { aliases: ReadonlySet<Digest>; subject: Digest | undefined },
    options: CallOptions,
  ): Promise<void> {
    const { links, referrers } = this.#deps;
    for (const digest of aliases) {
      if (subject !== undefined) await referrers.remove(repository, { subject, digest }, options);
      await links.delete(revisionLink(repository, digest), options);
    }
  }

  async #fallbackDigests(
    repository: RepositoryName,
    subject: Digest,
    options: CallOptions,
  ): Promise<readonly Digest[]> {
    const reference: Reference = { kind: "tag", tag: fallbackTag(subject) };
    const index = await this.get(repository, reference, options).catch(unknownAsUndefined);
    const manifest = index && parsedOrUndefined(index.bytes);
    return manifest?.manifests.map(({ digest }) => digest) ?? [];
  }

  async #describe(
    repository: RepositoryName,
    digest: Digest,
    options: CallOptions,
  ): Promise<ReferrerDescriptor | undefined> {
    const reference: Reference = { kind: "digest", digest };
    const stored = await this.get(repository, reference, options).catch(unknownAsUndefined);
    const manifest = stored && parsedOrUndefined(stored.bytes);
    return manifest && referrerDescriptor(manifest, { digest, sizeBytes: stored.bytes.byteLength });
  }
}

function subjectOf(bytes: Buffer | undefined): Digest | undefined {
  return bytes && parsedOrUndefined(bytes)?.subject?.digest;
}

/** `undefined` for documents that other programs stored and that are no manifests of today. */
function parsedOrUndefined(bytes: Buffer): Manifest | undefined {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (error instanceof ManifestInvalid) return undefined;
    throw error;
  }
}

function unknownAsUndefined(error: unknown): undefined {
  if (!(error instanceof ManifestUnknown)) throw error;
}
