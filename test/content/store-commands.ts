/** Requests to a content store, and what a simple model makes of them. */
import fc from "fast-check";
import { expect } from "vitest";
import type { ContentStore } from "../../src/content/content-store.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag, type Tag } from "../../src/oci/reference.ts";
import type { RepositoryName } from "../../src/oci/repository-name.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import {
  actor,
  APP,
  describeBytes,
  imageIndex,
  imageManifest,
  OTHER,
  pushBlob,
  pushManifest,
} from "./images.ts";

const NAMES = [APP, OTHER] as const;
export const TAGS = ["a", "b"].map(parseTag);
export const BLOBS = ["one", "two", "three"].map((text) => Buffer.from(text));

const [ONE, TWO, THREE] = BLOBS;
const PLAIN = imageManifest({ config: ONE ?? Buffer.of(), layers: TWO ? [TWO] : [] });

interface KnownImage {
  readonly bytes: Buffer;
  /** Blobs that must be there. */
  readonly needs: readonly Digest[];
}

const KNOWN: readonly KnownImage[] = [
  { bytes: PLAIN, needs: digests(ONE, TWO) },
  {
    bytes: imageManifest({ config: ONE ?? Buffer.of(), layers: THREE ? [THREE, THREE] : [] }),
    needs: digests(ONE, THREE),
  },
  {
    bytes: imageManifest({
      config: TWO ?? Buffer.of(),
      layers: [],
      members: { subject: describeBytes(PLAIN, OCI_MANIFEST) },
    }),
    needs: digests(TWO),
  },
  { bytes: imageIndex([describeBytes(PLAIN, OCI_MANIFEST)]), needs: [] },
];

export const IMAGES = KNOWN.map(({ bytes }) => bytes);

interface RepositoryModel {
  readonly blobs: Set<Digest>;
  /** What each manifest needs, by its digest. */
  readonly manifests: Map<Digest, readonly Digest[]>;
  readonly tags: Map<Tag, Digest>;
  readonly moves: { readonly tag: Tag; readonly to: Digest | undefined }[];
}

export type StoreModel = ReadonlyMap<RepositoryName, RepositoryModel>;

export interface Real {
  readonly content: ContentStore;
}

export function newModel(): StoreModel {
  const empty = (): RepositoryModel => ({
    blobs: new Set(),
    manifests: new Map(),
    tags: new Map(),
    moves: [],
  });
  return new Map(NAMES.map((name) => [name, empty()]));
}

/** What the model knows of one of the {@link NAMES}. */
function repositoryOf(model: StoreModel, name: RepositoryName): RepositoryModel {
  const found = model.get(name);
  if (found === undefined) throw new TypeError(`${name} is not in the model`);
  return found;
}

type Run = (model: StoreModel, real: Real) => Promise<void>;

/** A request that may come at any time. */
class Request implements fc.AsyncCommand<StoreModel, Real> {
  readonly #name: string;
  readonly run: Run;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.run = run;
  }

  check(): boolean {
    return true;
  }

  toString(): string {
    return this.#name;
  }
}

export function storeCommands(
  options: fc.CommandsContraints,
): fc.Arbitrary<Iterable<fc.AsyncCommand<StoreModel, Real>>> {
  const name = fc.constantFrom(...NAMES);
  const tag = fc.constantFrom(...TAGS);
  const blob = fc.constantFrom(...BLOBS);
  const image = fc.constantFrom(...KNOWN);
  return fc.commands(
    [
      fc.tuple(name, blob).map(([at, bytes]) => pushingBlob(at, bytes)),
      fc.tuple(name, blob).map(([at, bytes]) => deletingBlob(at, digestOf(bytes))),
      fc.tuple(name, name, blob).map(([from, to, bytes]) => mounting(from, to, digestOf(bytes))),
      fc.tuple(name, image).map(([at, one]) => pushingManifest(at, one, undefined)),
      fc.tuple(name, image, tag).map(([at, one, to]) => pushingManifest(at, one, to)),
      fc.tuple(name, image).map(([at, one]) => deletingManifest(at, digestOf(one.bytes))),
      fc.tuple(name, tag).map(([at, one]) => deletingTag(at, one)),
      fc.tuple(name, blob).map(([at, bytes]) => cancelling(at, bytes)),
    ],
    options,
  );
}

function pushingBlob(at: RepositoryName, bytes: Buffer): Request {
  return new Request(`push ${at} ${bytes.toString()}`, async (model, { content }) => {
    await pushBlob(content, bytes, { repository: at });
    repositoryOf(model, at).blobs.add(digestOf(bytes));
  });
}

function deletingBlob(at: RepositoryName, digest: Digest): Request {
  return new Request(`delete blob ${at} ${digest}`, async (model, { content }) => {
    const deleting = content.blobs.delete(at, digest, calm());
    if (repositoryOf(model, at).blobs.delete(digest)) await deleting;
    else await expect(deleting).rejects.toMatchObject({ kind: "BlobUnknown" });
  });
}

function mounting(from: RepositoryName, to: RepositoryName, digest: Digest): Request {
  return new Request(`mount ${digest} from ${from} to ${to}`, async (model, { content }) => {
    const mounted = await content.blobs.mount({ digest, from, to }, calm());
    const isThere = repositoryOf(model, from).blobs.has(digest);
    expect(mounted !== undefined).toBe(isThere);
    if (isThere) repositoryOf(model, to).blobs.add(digest);
  });
}

function pushingManifest(
  at: RepositoryName,
  { bytes, needs }: KnownImage,
  tag: Tag | undefined,
): Request {
  const digest = digestOf(bytes);
  return new Request(`push ${at} ${digest} ${tag ?? ""}`, async (model, { content }) => {
    const mine = repositoryOf(model, at);
    const reference = tag ?? digest;
    const pushing = pushManifest(content, bytes, { repository: at, reference });
    const missing = needs.filter((one) => !mine.blobs.has(one));
    if (missing.length > 0) {
      await expect(pushing).rejects.toMatchObject({ kind: "ManifestIncomplete", missing });
      return;
    }
    await pushing;
    mine.manifests.set(digest, needs);
    if (tag === undefined) return;
    if (mine.tags.get(tag) !== digest) mine.moves.push({ tag, to: digest });
    mine.tags.set(tag, digest);
  });
}

function deletingManifest(at: RepositoryName, digest: Digest): Request {
  return new Request(`delete ${at} ${digest}`, async (model, { content }) => {
    const mine = repositoryOf(model, at);
    const deleting = content.manifests.delete(at, digest, actor());
    if (!mine.manifests.delete(digest)) {
      await expect(deleting).rejects.toMatchObject({ kind: "ManifestUnknown" });
      return;
    }
    const pointing = [...mine.tags].filter(([, to]) => to === digest).map(([tag]) => tag);
    expect((await deleting).toSorted()).toEqual(pointing.toSorted());
    for (const tag of pointing) remove(mine, tag);
  });
}

function deletingTag(at: RepositoryName, tag: Tag): Request {
  return new Request(`delete ${at}:${tag}`, async (model, { content }) => {
    const isThere = repositoryOf(model, at).tags.has(tag);
    expect((await content.tags.delete(at, tag, actor())) !== undefined).toBe(isThere);
    if (isThere) remove(repositoryOf(model, at), tag);
  });
}

function remove({ tags, moves }: RepositoryModel, tag: Tag): void {
  tags.delete(tag);
  moves.push({ tag, to: undefined });
}

/** An upload that is given up leaves nothing. */
function cancelling(at: RepositoryName, bytes: Buffer): Request {
  return new Request(
    `begin ${at} ${bytes.toString()} and cancel`,
    async (_, { content: { uploads } }) => {
      const upload = await uploads.start(at, calm());
      const chunk = { bytes: chunks(bytes), startBytes: 0 };
      await uploads.append(upload, chunk, calm());
      await uploads.cancel(upload, calm());
    },
  );
}

function digests(...blobs: readonly (Buffer | undefined)[]): readonly Digest[] {
  return blobs.filter((bytes) => bytes !== undefined).map((bytes) => digestOf(bytes));
}
