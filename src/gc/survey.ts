/** Reads all that one repository says about what is needed. Whatever it cannot tell ends the collection. */
import {
  listLayers,
  listReferrers,
  listRevisions,
  listTagIndex,
  listTags,
} from "../content/check/inventory.ts";
import { readStoredLink, type RepositoryPlace } from "../content/check/stored-link.ts";
import { readStoredManifest } from "../content/check/stored-manifest.ts";
import {
  layerLink,
  referrerEntry,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "../content/layout.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import { algorithmOf, type Digest } from "../oci/digest.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { Tag } from "../oci/reference.ts";
import type { CallOptions } from "../storage/storage-driver.ts";
import { MarkFailed } from "./errors.ts";
import { keptManifests, type ManifestGraph, type ManifestNode } from "./manifest-graph.ts";

export interface Survey {
  readonly name: RepositoryPlace["name"];
  readonly kept: readonly ManifestNode[];
  /** Digests of manifests that are not needed. */
  readonly revisions: readonly Digest[];
  /** All tags, if any manifest is not needed. */
  readonly tags: readonly Tag[];
  /** Keys of the referrers index that name manifests which are not, or will not be, there. */
  readonly referrerEntries: readonly string[];
  /** Keys of links by which tags remember manifests that are not needed. */
  readonly tagIndexLinks: readonly string[];
  /** What is wrong and stands in nobody's way. */
  readonly warnings: readonly string[];
}

interface SurveyOptions extends CallOptions {
  /** Whether a manifest must have a tag, or be needed by one that has. */
  readonly deleteUntagged: boolean;
}

const CONCURRENCY = 8;

/** @throws {MarkFailed} @throws {StorageError} */
export async function surveyRepository(
  place: RepositoryPlace,
  { deleteUntagged, signal }: SurveyOptions,
): Promise<Survey> {
  const reader = new RepositoryReader(place, signal);
  const revisions = await reader.revisions();
  const { graph, alwaysKept } = await reader.graph(revisions);
  const roots = deleteUntagged
    ? [...(await reader.taggedManifests(revisions)), ...alwaysKept]
    : graph.keys();
  const keptData = keptManifests(graph, roots);
  const kept = [...keptData].flatMap((data) => graph.get(data) ?? []);
  const surviving = new Set(kept.flatMap(({ names }) => names));
  const doomed = new Set([...revisions.keys()].filter((digest) => !surviving.has(digest)));
  const tags = doomed.size === 0 ? [] : await reader.tags();
  return {
    name: place.name,
    kept,
    revisions: [...doomed],
    tags,
    referrerEntries: await reader.referrerEntriesBeside(surviving),
    tagIndexLinks: await reader.tagIndexLinksOf(doomed, tags),
    warnings: reader.warnings,
  };
}

/** From the digest that a manifest is known by to the one its data lies under. */
type Revisions = ReadonlyMap<Digest, Digest>;

class RepositoryReader {
  readonly warnings: string[] = [];
  readonly #place: RepositoryPlace;
  readonly #signal: AbortSignal;

  constructor(place: RepositoryPlace, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
  }

  async revisions(): Promise<Revisions> {
    const { name } = this.#place;
    const revisions = new Map<Digest, Digest>();
    const listed = listRevisions(this.#place, this.#strictly());
    const links = pooledMap(listed, CONCURRENCY, async (digest) => {
      const next = `push the image ${name}@${digest} again`;
      return { digest, data: await this.#read(revisionLink(name, digest), next) };
    });
    for await (const { digest, data } of links) {
      if (data !== undefined) revisions.set(digest, this.#directed(digest, data));
    }
    return revisions;
  }

  /** @returns also the manifests that are kept although nobody can tell what needs them. */
  async graph(
    revisions: Revisions,
  ): Promise<{ readonly graph: ManifestGraph; readonly alwaysKept: readonly Digest[] }> {
    const namesOf = Map.groupBy(revisions.keys(), (digest) => revisions.get(digest));
    const graph = new Map<Digest, ManifestNode>();
    const alwaysKept: Digest[] = [];
    const nodes = pooledMap(new Set(revisions.values()), CONCURRENCY, async (data) => {
      return { data, ...(await this.#node(data, revisions)) };
    });
    for await (const { data, isSchema1, ...node } of nodes) {
      graph.set(data, { ...node, names: namesOf.get(data) ?? [] });
      if (isSchema1) alwaysKept.push(data);
    }
    return { graph, alwaysKept };
  }

  async taggedManifests(revisions: Revisions): Promise<readonly Digest[]> {
    const { name } = this.#place;
    const tags = listTags(this.#place, this.#strictly());
    const targets = pooledMap(tags, CONCURRENCY, async (tag) => {
      const digest = await this.#read(
        tagCurrentLink(name, tag),
        `push or delete the tag ${name}:${tag}`,
      );
      const data = digest && revisions.get(digest);
      if (digest !== undefined && data === undefined) {
        this.warnings.push(
          `${name}:${tag} points to ${digest}, which the repository does not hold`,
        );
      }
      return data;
    });
    return (await Array.fromAsync(targets)).filter((data) => data !== undefined);
  }

  async referrerEntriesBeside(surviving: ReadonlySet<Digest>): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { subject, referrer } of listReferrers(this.#place, this.#calmly())) {
      if (surviving.has(referrer)) continue;
      keys.push(referrerEntry(this.#place.name, subject, referrer));
    }
    return keys;
  }

  tags(): Promise<readonly Tag[]> {
    return Array.fromAsync(listTags(this.#place, this.#calmly()));
  }

  async tagIndexLinksOf(
    doomed: ReadonlySet<Digest>,
    tags: readonly Tag[],
  ): Promise<readonly string[]> {
    const { name } = this.#place;
    const keys: string[] = [];
    for (const tag of tags) {
      for await (const digest of listTagIndex({ ...this.#place, tag }, this.#calmly())) {
        if (doomed.has(digest)) keys.push(tagIndexLink(name, tag, digest));
      }
    }
    return keys;
  }

  async #node(
    data: Digest,
    revisions: Revisions,
  ): Promise<Omit<ManifestNode, "names"> & { readonly isSchema1: boolean }> {
    const { driver, name } = this.#place;
    const alone = { needs: [data], children: [], subject: undefined, isSchema1: false };
    const stored = await readStoredManifest(driver, data, { signal: this.#signal });
    switch (stored.state) {
      case "absent":
        this.warnings.push(`${name}: the data of manifest ${data} is gone`);
        return alone;
      case "schema-1":
        return { ...alone, needs: [data, ...(await this.#allLayers())], isSchema1: true };
      case "damaged":
        throw new MarkFailed(
          `${name}: manifest ${data} is damaged: its digest is ${stored.actual}`,
          { next: `push the image again, or delete ${name}@${data}` },
        );
      case "invalid":
        throw new MarkFailed(`${name}: ${data} is no manifest: ${stored.reason}`, {
          next: `delete ${name}@${data}`,
        });
      case "parsed":
        return { ...alone, ...(await this.#needsOf(stored.manifest, { data, revisions })) };
    }
  }

  async #needsOf(
    { config, layers, manifests, subject }: Manifest,
    { data, revisions }: { readonly data: Digest; readonly revisions: Revisions },
  ): Promise<Omit<ManifestNode, "names">> {
    const needs = [data];
    for (const { digest } of [...(config ? [config] : []), ...layers, ...manifests]) {
      needs.push(digest, ...(await this.#aliasOf(digest, revisions)));
    }
    return {
      needs,
      children: manifests.flatMap(({ digest }) => revisions.get(digest) ?? []),
      subject: subject && revisions.get(subject.digest),
    };
  }

  /** Where data lies that is not named by its sha256. */
  async #aliasOf(digest: Digest, revisions: Revisions): Promise<readonly Digest[]> {
    if (algorithmOf(digest) === "sha256") return [];
    const { name } = this.#place;
    const next = `push what needs ${digest} to ${name} again`;
    const asBlob = await this.#read(layerLink(name, digest), next);
    return [asBlob, revisions.get(digest)].filter((data) => data !== undefined);
  }

  async #allLayers(): Promise<readonly Digest[]> {
    const listed = await Array.fromAsync(listLayers(this.#place, this.#calmly()));
    const data = pooledMap(listed, CONCURRENCY, async (digest) => [
      digest,
      ...(await this.#aliasOf(digest, new Map())),
    ]);
    return (await Array.fromAsync(data)).flat();
  }

  /** @param next what mends the link if it is of no use. */
  async #read(key: string, next: string): Promise<Digest | undefined> {
    const link = await readStoredLink(this.#place.driver, key, { signal: this.#signal });
    if (link.state === "unreadable") {
      throw new MarkFailed(`the link ${key} is of no use: ${link.reason}`, { next });
    }
    return link.state === "read" ? link.digest : undefined;
  }

  #directed(digest: Digest, data: Digest): Digest {
    if (data === digest || algorithmOf(digest) !== "sha256") return data;
    const { name } = this.#place;
    throw new MarkFailed(`${name}: the link of manifest ${digest} holds ${data}`, {
      next: `push the image ${name}@${digest} again`,
    });
  }

  #calmly(): CallOptions {
    return { signal: this.#signal };
  }

  /** A folder that we do not understand may hold what another program needs. */
  #strictly(): CallOptions & { readonly onUnknown: (key: string) => void } {
    const onUnknown = (key: string): never => {
      throw new MarkFailed(`the name of ${key} means nothing here`, {
        next: "find out what made it and move it out of the store",
      });
    };
    return { signal: this.#signal, onUnknown };
  }
}
