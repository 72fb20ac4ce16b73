/** Everything in a store that a check looks at, one closure per thing. */
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { examineLayerLink, examineTag, examineTagIndex } from "./examine-links.ts";
import { danglingUpload, examineBlob, examineReferrer, examineUpload } from "./examine-others.ts";
import { examineRevision } from "./examine-revision.ts";
import { type Examined, type Finding, note } from "./finding.ts";
import {
  listBlobs,
  listLayers,
  listReferrers,
  listRevisions,
  listTagIndex,
  listTags,
  listUploads,
} from "./inventory.ts";
import type { Look } from "./look.ts";
import type { RepositoryPlace } from "./stored-link.ts";

/** Looks at one thing; always at the same one. */
export type Examine = (look: Look) => Promise<Examined>;

/** All of a repository. Layers come first: what is remembered of their links serves the manifests. */
export async function* thingsOf(
  place: RepositoryPlace,
  { signal }: CallOptions,
): AsyncGenerator<Examine> {
  const { driver, name } = place;
  const unknown: Finding[] = [];
  const onUnknown = (where: string): void => {
    unknown.push(note("unknown-folder", where, "the folder's name means nothing here"));
  };
  const options = { signal, onUnknown };
  for await (const digest of listLayers(place, options)) {
    yield (look) => examineLayerLink({ driver, name, digest }, look);
  }
  for await (const digest of listRevisions(place, options)) {
    yield (look) => examineRevision({ driver, name, digest }, look);
  }
  yield* tagThingsOf(place, options);
  for await (const { subject, referrer } of listReferrers(place, options)) {
    yield (look) => examineReferrer({ driver, name, subject, referrer }, look);
  }
  yield* uploadThingsOf(place, { signal });
  if (unknown.length > 0) yield () => Promise.resolve({ counts: {}, findings: unknown });
}

async function* tagThingsOf(
  place: RepositoryPlace,
  options: CallOptions & { readonly onUnknown: (key: string) => void },
): AsyncGenerator<Examine> {
  for await (const tag of listTags(place, options)) {
    yield (look) => examineTag({ ...place, tag }, look);
    for await (const digest of listTagIndex({ ...place, tag }, options)) {
      yield (look) => examineTagIndex({ ...place, tag, digest }, look);
    }
  }
}

async function* uploadThingsOf(
  place: RepositoryPlace,
  { signal }: CallOptions,
): AsyncGenerator<Examine> {
  const odd: string[] = [];
  for await (const id of listUploads(place, { signal, onUnknown: (key) => odd.push(key) })) {
    yield (look) => examineUpload({ ...place, id }, look);
  }
  for (const key of odd) {
    const finding = danglingUpload(key, "its name is no UUID, so that nothing will ever remove it");
    yield () => Promise.resolve({ counts: { uploads: 1 }, findings: [finding] });
  }
}

/** All data, whoever links it. @param options.deep whether it is to be hashed. */
export async function* blobsOf({
  driver,
  signal,
  deep,
}: CallOptions & {
  readonly driver: StorageDriver;
  readonly deep: boolean;
}): AsyncGenerator<Examine> {
  for await (const data of listBlobs(driver, { signal })) {
    yield (look) => examineBlob({ data, deep }, look);
  }
}
