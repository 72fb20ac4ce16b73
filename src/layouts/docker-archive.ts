/** What `docker save` writes: a list of images, each with the paths of its layers. */
import { isJsonObject, optionalList } from "../oci/descriptor.ts";
import type { FindFile } from "./blob-folder.ts";
import { parsed } from "./read-document.ts";
import { type ImageName, LayoutError, shownName, type StoredLayer } from "./stored-layer.ts";

/** Whether the `manifest.json` of an archive is such a list, and not that of a web application. */
export function isImageList(document: unknown): document is readonly unknown[] {
  const isImage = (one: unknown): boolean => {
    return isJsonObject(one) && "Config" in one && "Layers" in one;
  };
  return Array.isArray(document) && document.length > 0 && document.every(isImage);
}

/** An image of the list. */
interface ListedImage {
  readonly names: readonly ImageName[];
  /** Paths in the archive. */
  readonly layers: readonly string[];
}

/**
 * @param file how to name it in messages
 * @returns layers as often as images have them. @throws {LayoutError} when one is missing
 */
export async function layersOfDockerArchive(
  file: string,
  find: FindFile,
  list: readonly unknown[],
): Promise<readonly StoredLayer[]> {
  const found: StoredLayer[] = [];
  for (const { names, layers } of parsed(file, () => list.map(listedImage))) {
    for (const name of layers) {
      const range = await find(name);
      if (range === undefined) throw new LayoutError(`${file}: ${shownName(name)} is missing`);
      const said = { digest: undefined, mediaType: undefined };
      found.push({ file, isWhole: false, ...said, images: names, range });
    }
  }
  return found;
}

/** @throws {DescriptorInvalid} */
function listedImage(image: unknown): ListedImage {
  if (!isJsonObject(image)) return { names: [], layers: [] };
  const layers = textsIn(image["Layers"], "Layers");
  const tags = textsIn(image["RepoTags"], "RepoTags");
  const named = tags.length === 0 ? [undefined] : tags;
  return { names: named.map((tag) => ({ tag, platform: undefined })), layers };
}

function textsIn(list: unknown, where: string): readonly string[] {
  return optionalList(list, where).filter((one) => typeof one === "string");
}
