/** Finds everything that is needed, and with it everything that is not. Deletes nothing. */
import {
  listBlobs,
  listLayers,
  listQuarantinedRecipes,
  listRecipes,
} from "../content/check/inventory.ts";
import { readStoredLink } from "../content/check/stored-link.ts";
import { blobData, blobRecipe, layerLink, quarantinedRecipe } from "../content/layout.ts";
import { walkRepositories } from "../content/walk.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { surveyRepository, type Survey } from "./survey.ts";

export interface MarkOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly deleteUntagged: boolean;
  /** Told of each repository, in order, as soon as it is known what it needs. */
  readonly onRepository: (marks: RepositoryMarks) => void;
}

export interface RepositoryMarks {
  readonly name: RepositoryName;
  /** Digests of manifests that are needed. */
  readonly manifests: readonly Digest[];
  /** Data that no repository before this one needed. */
  readonly data: readonly Digest[];
  /** Digests of manifests that are not needed. */
  readonly revisions: readonly Digest[];
  /** All tags, if any manifest is not needed. */
  readonly tags: readonly Tag[];
  readonly warnings: readonly string[];
}

/** A manifest or blob of a repository, by the digest that the repository knows it by. */
export interface LinkPlace {
  readonly name: RepositoryName;
  readonly digest: Digest;
}

/** A blob, whatever is left of it: data, how it is made, or both. */
export interface DoomedBlob {
  readonly data: Digest;
  /** Of its data and its recipes; what a cold one has in packs is not known here. */
  readonly sizeBytes: number;
  /** Keys of its recipes: they go before the data, for without it they may promise what cannot be made. */
  readonly recipes: readonly string[];
}

/** What can be deleted, in the order in which it must be. */
export interface Garbage {
  readonly tagIndexLinks: readonly string[];
  readonly referrerEntries: readonly string[];
  readonly revisions: readonly LinkPlace[];
  readonly layerLinks: readonly LinkPlace[];
  readonly blobs: readonly DoomedBlob[];
}

/** Repositories at a time, each with a few reads at a time. */
const REPOSITORIES_AT_A_TIME = 4;
const CONCURRENCY = 16;

/** @throws {MarkFailed} @throws {StorageError} */
export async function mark(
  options: MarkOptions,
): Promise<{ readonly marked: ReadonlySet<Digest>; readonly garbage: Garbage }> {
  const { driver, signal, deleteUntagged, onRepository } = options;
  const marked = new Set<Digest>();
  const surveys: Omit<Survey, "kept" | "warnings">[] = [];
  const found = walkRepositories({ driver, signal });
  const surveyed = pooledMap(found, REPOSITORIES_AT_A_TIME, ({ name }) =>
    surveyRepository({ driver, name }, { deleteUntagged, signal }),
  );
  for await (const { kept, warnings, ...survey } of surveyed) {
    const data = [...new Set(kept.flatMap(({ needs }) => needs))].filter((one) => !marked.has(one));
    for (const one of data) marked.add(one);
    const manifests = kept.flatMap(({ names }) => names);
    onRepository({ ...survey, manifests, data, warnings });
    surveys.push(survey);
  }
  const garbage = {
    tagIndexLinks: surveys.flatMap(({ tagIndexLinks }) => tagIndexLinks),
    referrerEntries: surveys.flatMap(({ referrerEntries }) => referrerEntries),
    revisions: surveys.flatMap(({ name, revisions }) =>
      revisions.map((digest) => ({ name, digest })),
    ),
    layerLinks: await findLayerLinks(marked, options),
    blobs: await findBlobs(marked, options),
  };
  return { marked, garbage };
}

/** Links of blobs that nobody needs, in any repository. */
async function findLayerLinks(
  marked: ReadonlySet<Digest>,
  { driver, signal }: MarkOptions,
): Promise<readonly LinkPlace[]> {
  const doomed: LinkPlace[] = [];
  for await (const { name } of walkRepositories({ driver, signal })) {
    const digests = listLayers({ driver, name }, { signal });
    const judged = pooledMap(digests, CONCURRENCY, async (digest) => {
      const isDoomed = await isDoomedLink({ name, digest }, { driver, signal, marked });
      return isDoomed ? [{ name, digest }] : [];
    });
    for await (const places of judged) doomed.push(...places);
  }
  return doomed;
}

/** A link that cannot be read leads nowhere; if anything needed it, marking has failed before. */
async function isDoomedLink(
  { name, digest }: LinkPlace,
  {
    driver,
    signal,
    marked,
  }: CallOptions & { readonly driver: StorageDriver; readonly marked: ReadonlySet<Digest> },
): Promise<boolean> {
  if (digest.startsWith("sha256:") && marked.has(digest)) return false;
  const link = await readStoredLink(driver, layerLink(name, digest), { signal });
  if (link.state === "absent") return false;
  return link.state === "unreadable" || !marked.has(link.digest);
}

async function findBlobs(
  marked: ReadonlySet<Digest>,
  options: MarkOptions,
): Promise<readonly DoomedBlob[]> {
  const found = pooledMap(unmarkedBlobs(marked, options), CONCURRENCY, (data) =>
    remainsOf(data, options),
  );
  return (await Array.fromAsync(found)).filter((blob) => blob !== undefined);
}

/** Each once; a cold blob has no folder among the data. */
async function* unmarkedBlobs(
  marked: ReadonlySet<Digest>,
  { driver, signal }: MarkOptions,
): AsyncGenerator<Digest, void, undefined> {
  const seen = new Set<Digest>();
  for (const list of [listBlobs, listRecipes, listQuarantinedRecipes]) {
    for await (const data of list(driver, { signal })) {
      if (marked.has(data) || seen.has(data)) continue;
      seen.add(data);
      yield data;
    }
  }
}

async function remainsOf(
  data: Digest,
  { driver, signal }: MarkOptions,
): Promise<DoomedBlob | undefined> {
  const keys = [blobData(data), blobRecipe(data), quarantinedRecipe(data)];
  const found = await Promise.all(keys.map((key) => driver.stat(key, { signal })));
  const there = found.filter((info) => info !== undefined);
  if (there.length === 0) return undefined;
  const recipes = found.slice(1).flatMap((info) => (info === undefined ? [] : [info.key]));
  return { data, sizeBytes: there.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), recipes };
}
