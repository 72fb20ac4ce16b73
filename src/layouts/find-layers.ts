/** Finds the layers in what a person names: a layer, an OCI layout, an archive of images. */
import { open, stat } from "node:fs/promises";
import { type Descriptor, isJsonObject, optionalList } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, encodedOf } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from "../oci/manifest.ts";
import { isNonDistributable, manifestKindOf, OCI_INDEX } from "../oci/media-type.ts";
import { type JsonLimits, parseStrictJson } from "../lib/strict-json.ts";
import { type FindFile, filesOfArchive, filesOfFolder } from "./blob-folder.ts";
import {
  type FileRange,
  LayoutError,
  NothingThere,
  shownName,
  type StoredLayer,
} from "./stored-layer.ts";

const MOST_DEPTH = 4;
const JSON_LIMITS: JsonLimits = { maxDepth: 16, maxValues: 250_000 };

/** What somebody may write before a name, as skopeo has it. */
const TRANSPORT = /^(?:oci|oci-archive|docker-archive|dir):/;

/**
 * @param path of an OCI layout or a `dir:` of containers/image, an OCI or docker archive, or a layer.
 * @param file how to name it in layers and messages.
 * @returns every layer once, in the order of the images. A file that is none of these is one layer.
 * @throws {NothingThere} {LayoutError} when there is nothing to look into, or it cannot be read.
 * @throws {Error} of the file system.
 */
export async function findLayers(path: string, file = path): Promise<readonly StoredLayer[]> {
  const { isFolder, sizeBytes } = await lookAt(path, file);
  if (isFolder) return onceEach(await layersOfImages(file, filesOfFolder(path)));
  const archive = await filesOfArchive(path, file);
  const images = archive === undefined ? undefined : await layersOfArchive(file, archive);
  const range = { path, offset: 0, sizeBytes };
  return onceEach(images ?? [{ file, isWhole: true, digest: undefined, range }]);
}

async function lookAt(
  path: string,
  file: string,
): Promise<{ isFolder: boolean; sizeBytes: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause;
    const isTransport = TRANSPORT.test(file);
    const hint = isTransport ? `; name the folder or file without '${file.split(":")[0]}:'` : "";
    throw new NothingThere(`${file}: there is no such file or folder${hint}`);
  });
  if (found.isDirectory()) return { isFolder: true, sizeBytes: 0 };
  if (!found.isFile()) {
    throw new LayoutError(`${file}: neither a file nor a folder; pipe it in, and name it -`);
  }
  if (found.size === 0) throw new LayoutError(`${file}: it is empty`);
  return { isFolder: false, sizeBytes: found.size };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Images share layers, and an image may have one twice. */
function onceEach(layers: readonly StoredLayer[]): readonly StoredLayer[] {
  const places = new Map(
    layers.map((layer) => [`${layer.range.offset} ${layer.range.path}`, layer]),
  );
  return [...places.values()];
}

/** @returns `undefined` for a tar that holds no images: it is a layer itself. */
async function layersOfArchive(
  file: string,
  find: FindFile,
): Promise<readonly StoredLayer[] | undefined> {
  const hasImages = (await find("index.json")) ?? (await find("manifest.json"));
  return hasImages === undefined ? undefined : await layersOfImages(file, find);
}

async function layersOfImages(file: string, find: FindFile): Promise<readonly StoredLayer[]> {
  const index = await find("index.json");
  if (index !== undefined) return await layersOfLayout({ file, find, blobName }, index);
  const manifest = await find("manifest.json");
  if (manifest === undefined) {
    throw new LayoutError(
      `${file}: no image here: neither index.json nor manifest.json; for a layer, name its file`,
    );
  }
  const bytes = await readRange(file, manifest);
  const listed = parseJson(file, bytes);
  if (Array.isArray(listed)) return await layersOfDockerArchive(file, find, listed);
  // `dir:` of containers/image: the manifest, and blobs by their hex digits.
  const place = { file, find, blobName: encodedOf };
  return await layersOf(
    place,
    parsed(file, () => parseManifest(bytes)),
    0,
  );
}

interface Place {
  readonly file: string;
  readonly find: FindFile;
  readonly blobName: (digest: Digest) => string;
}

function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`;
}

async function layersOfLayout(place: Place, index: FileRange): Promise<readonly StoredLayer[]> {
  const bytes = await readRange(place.file, index);
  const manifest = parsed(place.file, () => parseManifest(bytes, OCI_INDEX));
  return await layersOf(place, manifest, 0);
}

async function layersOf(
  place: Place,
  manifest: Manifest,
  depth: number,
): Promise<readonly StoredLayer[]> {
  if (depth > MOST_DEPTH)
    throw new LayoutError(`${place.file}: indexes lie too deep in one another`);
  const found: StoredLayer[] = [];
  for (const child of manifest.manifests) found.push(...(await layersOfChild(place, child, depth)));
  for (const layer of manifest.layers.filter(isTravelling)) {
    const range = await place.find(place.blobName(layer.digest));
    if (range === undefined) throw new LayoutError(`${place.file}: ${layer.digest} is missing`);
    found.push({ file: place.file, isWhole: false, digest: layer.digest, range });
  }
  return found;
}

/** A platform that was not copied along is no error: `skopeo copy` takes one of many. */
async function layersOfChild(
  place: Place,
  child: Descriptor,
  depth: number,
): Promise<readonly StoredLayer[]> {
  if (manifestKindOf(child.mediaType) === undefined) return [];
  const range = await place.find(place.blobName(child.digest));
  if (range === undefined) return [];
  const bytes = await readRange(place.file, range);
  const manifest = parsed(place.file, () => parseManifest(bytes, child.mediaType));
  return await layersOf(place, manifest, depth + 1);
}

/** Attestations are small JSON documents that stand where layers do. */
function isTravelling({ mediaType }: Descriptor): boolean {
  return !isNonDistributable(mediaType) && !/[+/]json$/.test(mediaType);
}

/** `docker save`: a list of images, each with the paths of its layers. */
async function layersOfDockerArchive(
  file: string,
  find: FindFile,
  images: readonly unknown[],
): Promise<readonly StoredLayer[]> {
  const names = new Set<string>();
  for (const image of images) {
    const layers = isJsonObject(image) ? optionalList(image["Layers"], "Layers") : [];
    for (const name of layers) if (typeof name === "string") names.add(name);
  }
  const found: StoredLayer[] = [];
  for (const name of names) {
    const range = await find(name);
    if (range === undefined) throw new LayoutError(`${file}: ${shownName(name)} is missing`);
    found.push({ file, isWhole: false, digest: undefined, range });
  }
  return found;
}

/** @param file how to name it in messages */
async function readRange(
  file: string,
  { path, offset, sizeBytes }: FileRange,
): Promise<Uint8Array> {
  if (sizeBytes > MAX_MANIFEST_BYTES) throw new LayoutError(`${file}: a manifest is too large`);
  await using opened = await open(path);
  const bytes = new Uint8Array(sizeBytes);
  const { bytesRead } = await opened.read(bytes, 0, sizeBytes, offset);
  if (bytesRead < sizeBytes) throw new LayoutError(`${file}: a manifest is cut short`);
  return bytes;
}

function parseJson(file: string, bytes: Uint8Array): unknown {
  return parsed(file, () => parseStrictJson(new TextDecoder().decode(bytes), JSON_LIMITS));
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new LayoutError(`${file}: an image here cannot be read`, { cause });
  }
}
