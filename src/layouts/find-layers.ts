/** Finds the layers in what a person names: a layer, an OCI layout, an archive of images. */
import { stat } from "node:fs/promises";
import { algorithmOf, type Digest, encodedOf } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { type FindFile, filesOfArchive, filesOfFolder } from "./blob-folder.ts";
import { isImageList, layersOfDockerArchive } from "./docker-archive.ts";
import { layersOfLayout, layersOfManifest, type Place } from "./image-layers.ts";
import { parseJson, parsed, readDocument } from "./read-document.ts";
import {
  type FileRange,
  type ImageName,
  LayoutError,
  NothingThere,
  type StoredLayer,
} from "./stored-layer.ts";
import { WalkLimit } from "./walk-limit.ts";

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
  if (isFolder) return onceEach(await layersOfFolder(file, filesOfFolder(path, file)));
  const archive = await filesOfArchive(path, file);
  const images = archive === undefined ? undefined : await layersOfArchive(file, archive);
  if (images !== undefined) return onceEach(images);
  const range = { path, offset: 0, sizeBytes };
  return [{ file, isWhole: true, digest: undefined, mediaType: undefined, images: [], range }];
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
  const places = new Map<string, StoredLayer>();
  for (const layer of layers) {
    const place = `${layer.range.offset} ${layer.range.path}`;
    const before = places.get(place);
    const images = [...(before?.images ?? []), ...layer.images];
    places.set(place, { ...(before ?? layer), images: imagesOnce(images) });
  }
  return [...places.values()];
}

function imagesOnce(images: readonly ImageName[]): readonly ImageName[] {
  const names = new Map(images.map((image) => [`${image.platform} ${image.tag}`, image]));
  return [...names.values()];
}

/**
 * A layer may have files of the names that images have: only what nothing but an image holds counts.
 *
 * @returns `undefined` for a tar that holds no images: it is a layer itself.
 */
async function layersOfArchive(
  file: string,
  find: FindFile,
): Promise<readonly StoredLayer[] | undefined> {
  const index = await find("index.json");
  const mark = await find("oci-layout");
  if (index !== undefined && mark !== undefined) {
    return await layersOfLayout(layoutPlace(file, find), index);
  }
  const list = await find("manifest.json");
  const images = list === undefined ? undefined : await maybeJson(file, list);
  return isImageList(images) ? await layersOfDockerArchive(file, find, images) : undefined;
}

async function maybeJson(file: string, range: FileRange): Promise<unknown> {
  try {
    return parseJson(file, await readDocument(file, range));
  } catch (error) {
    if (error instanceof LayoutError) return undefined;
    throw error;
  }
}

async function layersOfFolder(file: string, find: FindFile): Promise<readonly StoredLayer[]> {
  const index = await find("index.json");
  if (index !== undefined) return await layersOfLayout(layoutPlace(file, find), index);
  const manifest = await find("manifest.json");
  if (manifest === undefined) {
    throw new LayoutError(
      `${file}: no image here: neither index.json nor manifest.json; for a layer, name its file`,
    );
  }
  const bytes = await readDocument(file, manifest);
  const listed = parseJson(file, bytes);
  if (Array.isArray(listed)) return await layersOfDockerArchive(file, find, listed);
  // `dir:` of containers/image: the manifest, and blobs by their hex digits.
  const place = { ...layoutPlace(file, find), blobName: encodedOf };
  const image = parsed(file, () => parseManifest(bytes));
  return await layersOfManifest(place, image);
}

function layoutPlace(file: string, find: FindFile): Place {
  return { file, find, blobName, limit: new WalkLimit(file) };
}

function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`;
}
