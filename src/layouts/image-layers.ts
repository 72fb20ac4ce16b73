/** Layers of images as OCI keeps them: an index leads to manifests, and manifests to layers. */
import { type Descriptor, isJsonObject, optionalList } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { isNonDistributable, manifestKindOf, OCI_INDEX } from "../oci/media-type.ts";
import type { FindFile } from "./blob-folder.ts";
import { parseJson, parsed, readDocument } from "./read-document.ts";
import { type FileRange, type ImageName, LayoutError, type StoredLayer } from "./stored-layer.ts";
import type { WalkLimit } from "./walk-limit.ts";

const MOST_DEPTH = 4;
/** How programs note a name beside what it names: containerd and docker in full, the others the tag. */
const NAME_ANNOTATIONS = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/** Where an image lies, and how its blobs are named there. */
export interface Place {
  /** How to name it in messages. */
  readonly file: string;
  readonly find: FindFile;
  readonly blobName: (digest: Digest) => string;
  readonly limit: WalkLimit;
}

/** On the way from an index to the layers. */
interface Way {
  readonly depth: number;
  readonly image: ImageName;
}

const START: Way = { depth: 0, image: { tag: undefined, platform: undefined } };

/** @param index the `index.json` of an OCI layout. @throws {LayoutError} */
export async function layersOfLayout(
  place: Place,
  index: FileRange,
): Promise<readonly StoredLayer[]> {
  const bytes = await readDocument(place.file, index);
  const manifest = parsed(place.file, () => parseManifest(bytes, OCI_INDEX));
  const tags = tagsIn(parseJson(place.file, bytes));
  return await layersOfIndex(place, manifest, { ...START, tags });
}

/** @throws {LayoutError} */
export async function layersOfManifest(
  place: Place,
  manifest: Manifest,
  way: Way = START,
): Promise<readonly StoredLayer[]> {
  if (manifest.kind === "index") return await layersOfIndex(place, manifest, { ...way, tags: [] });
  const found: StoredLayer[] = [];
  for (const { digest, mediaType } of manifest.layers.filter(isTravelling)) {
    const range = await place.find(place.blobName(digest));
    if (range === undefined) throw new LayoutError(`${place.file}: ${digest} is missing`);
    const { file } = place;
    found.push({ file, isWhole: false, digest, mediaType, images: [way.image], range });
  }
  return found;
}

/** A platform that was not copied along is no error: `skopeo copy` takes one of many. */
async function layersOfIndex(
  place: Place,
  index: Manifest,
  { depth, image, tags }: Way & { readonly tags: readonly (string | undefined)[] },
): Promise<readonly StoredLayer[]> {
  if (depth > MOST_DEPTH)
    throw new LayoutError(`${place.file}: indexes lie too deep in one another`);
  const children = [...index.manifests.entries()].filter(([, { mediaType }]) => {
    return manifestKindOf(mediaType) !== undefined;
  });
  const found: StoredLayer[] = [];
  let isAnyHere = children.length === 0;
  for (const [at, child] of children) {
    const manifest = await manifestOf(place, child);
    if (manifest === undefined) continue;
    isAnyHere = true;
    const named = { tag: tags[at] ?? image.tag, platform: platformOf(child) ?? image.platform };
    found.push(...(await layersOfManifest(place, manifest, { depth: depth + 1, image: named })));
  }
  if (isAnyHere) return found;
  throw new LayoutError(`${place.file}: ${missingText(children.map(([, { digest }]) => digest))}`);
}

function missingText(digests: readonly Digest[]): string {
  const [first = ""] = digests;
  if (digests.length === 1) return `${first} is missing`;
  return `none of the ${digests.length} images of an index is here: ${first} and others are missing`;
}

/** @returns `undefined` when it is not there. @throws {LayoutError} also for other bytes than its digest says */
async function manifestOf(
  { file, find, blobName, limit }: Place,
  { digest, mediaType }: Descriptor,
): Promise<Manifest | undefined> {
  const range = await find(blobName(digest));
  if (range === undefined) return undefined;
  const bytes = await readDocument(file, range);
  if (digestOf(bytes, algorithmOf(digest)) !== digest) {
    throw new LayoutError(`${file}: the manifest ${digest} has other bytes than its digest says`);
  }
  const manifest = parsed(file, () => parseManifest(bytes, mediaType));
  limit.pass(manifest, bytes.length);
  return manifest;
}

/** Attestations are small JSON documents that stand where layers do. */
function isTravelling({ mediaType }: Descriptor): boolean {
  return !isNonDistributable(mediaType) && !/[+/]json$/.test(mediaType);
}

function platformOf({ platform }: Descriptor): string | undefined {
  return platform === undefined ? undefined : `${platform.os}/${platform.architecture}`;
}

/** @returns what each of an index's manifests is called, in their order. */
function tagsIn(index: unknown): readonly (string | undefined)[] {
  const listed = isJsonObject(index) ? optionalList(index["manifests"], "manifests") : [];
  return listed.map((one) => {
    const annotations = isJsonObject(one) ? one["annotations"] : undefined;
    if (!isJsonObject(annotations)) return undefined;
    const named = NAME_ANNOTATIONS.map((name) => annotations[name]);
    return named.find((name) => typeof name === "string");
  });
}
