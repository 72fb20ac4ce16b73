/** Reads the small JSON documents of images on disk. */
import { open } from "node:fs/promises";
import { type JsonLimits, parseStrictJson } from "../lib/strict-json.ts";
import { MAX_MANIFEST_BYTES } from "../oci/manifest.ts";
import { type FileRange, LayoutError } from "./stored-layer.ts";

const JSON_LIMITS: JsonLimits = { maxDepth: 16, maxValues: 250_000 };

/**
 * @param file how to name it in messages
 * @throws {LayoutError} when it is too large for a manifest, or cut short
 */
export async function readDocument(
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

/** @throws {LayoutError} */
export function parseJson(file: string, bytes: Uint8Array): unknown {
  return parsed(file, () => parseStrictJson(new TextDecoder().decode(bytes), JSON_LIMITS));
}

/** @throws {LayoutError} in place of what `parse` throws */
export function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new LayoutError(`${file}: an image here cannot be read`, { cause });
  }
}
