/**
 * Who refers to a manifest: signatures, SBOMs, attestations. One small object per referrer, so that
 * two pushes at the same time cannot lose one another.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
import { isJsonObject } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, encodedOf, isDigest } from "../oci/digest.ts";
import type { Manifest } from "../oci/manifest.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { referrerEntry, referrersFolder } from "./layout.ts";
import type { Presence } from "./presence.ts";

/** A descriptor as the referrers list shows it: JSON as the spec names it. */
export interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ReferrerIndex {
  add(
    repository: RepositoryName,
    entry: { readonly subject: Digest; readonly referrer: ReferrerDescriptor },
    options: CallOptions,
  ): Promise<void>;
  /** Idempotent. */
  remove(
    repository: RepositoryName,
    entry: { readonly subject: Digest; readonly digest: Digest },
    options: CallOptions,
  ): Promise<void>;
  /** What was added for `subject`, in ascending order; some may be gone since. */
  digests(repository: RepositoryName, subject: Digest, options: CallOptions): AsyncIterable<Digest>;
  /** @returns `undefined` when its manifest is not there any more, or the entry is damaged. */
  describe(
    repository: RepositoryName,
    entry: { readonly subject: Digest; readonly digest: Digest },
    options: CallOptions,
  ): Promise<ReferrerDescriptor | undefined>;
}

/** Its annotations may fill most of a manifest. */
const MAX_ENTRY_BYTES = 8 * 1024 * 1024;

export function createReferrerIndex({
  driver,
  presence,
}: {
  readonly driver: StorageDriver;
  readonly presence: Presence;
}): ReferrerIndex {
  async function readEntry(key: string, { signal }: CallOptions): Promise<unknown> {
    const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_ENTRY_BYTES });
    return bytes === undefined ? undefined : parsed(bytes.toString());
  }

  return {
    async add(repository, { subject, referrer }, { signal }) {
      const key = referrerEntry(repository, subject, referrer.digest);
      await driver.write(key, Buffer.from(JSON.stringify(referrer)), { signal });
    },

    remove: (repository, { subject, digest }, options) =>
      driver.delete(referrerEntry(repository, subject, digest), options),

    async *digests(repository, subject, { signal }) {
      const folder = referrersFolder(repository, subject);
      for await (const { kind, name } of driver.list(folder, { signal })) {
        const digest = name.replace("-", ":");
        if (kind === "object" && isDigest(digest)) yield digest;
      }
    },

    async describe(repository, { subject, digest }, options) {
      const stored = await presence.confirmManifest(repository, digest, options);
      if (stored === undefined) return undefined;
      return entryOf(await readEntry(referrerEntry(repository, subject, digest), options), digest);
    },
  };
}

/** How a manifest stands in the list: an image manifest without `artifactType` shows its config's type. */
export function referrerDescriptor(
  manifest: Manifest,
  { digest, sizeBytes }: { readonly digest: Digest; readonly sizeBytes: number },
): ReferrerDescriptor {
  const artifactType = manifest.artifactType ?? manifest.config?.mediaType;
  return {
    mediaType: manifest.mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType !== undefined && artifactType !== "" && { artifactType }),
    ...(manifest.annotations !== undefined && { annotations: manifest.annotations }),
  };
}

/** The tag under which clients kept the list where a registry had no referrers API. */
export function fallbackTag(subject: Digest): Tag {
  return parseTag(`${algorithmOf(subject).slice(0, 32)}-${encodedOf(subject).slice(0, 64)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entryOf(value: unknown, digest: Digest): ReferrerDescriptor | undefined {
  if (!isJsonObject(value)) return undefined;
  const { mediaType, size, artifactType, annotations } = value;
  if (typeof mediaType !== "string" || typeof size !== "number") return undefined;
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === "string" && { artifactType }),
    ...(isJsonObject(annotations) && { annotations: onlyTexts(annotations) }),
  };
}

function onlyTexts(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).map(([name, text]): [string, string] => [name, String(text)]),
  );
}
