import { NotTar } from "../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../tar/tar-walker.ts";

/** As much of the plain bytes as {@link beginsAsImages} looks at. */
export const IMAGES_START_BYTES = 4096;

/** Names that nothing else has: of docker, podman, skopeo, buildah and crane. */
const OWN_NAMES =
  /^(?:blobs\/sha(?:256|512)\/?.*|oci-layout|(?:sha256:)?[0-9a-f]{64}(?:\/.*|\.json|\.tar|\.tar\.gz)?)$/;

/** Names that a web application may have as well, and what stands in a file of an image. */
const SHARED_NAMES: ReadonlyMap<string, RegExp> = new Map([
  ["index.json", /"schemaVersion"/],
  ["manifest.json", /"Config"|"schemaVersion"/],
  ["repositories", /"[0-9a-f]{64}"/],
]);

/**
 * Whether plain bytes begin as an archive of images does. Then what was compressed is the archive, and not
 * a layer; it is a guess from the first file, or the first folder of blobs.
 *
 * @param plain {@link IMAGES_START_BYTES} of them, or all there are
 */
export function beginsAsImages(plain: Uint8Array): boolean {
  for (const entry of entriesIn(plain)) {
    const name = entry.name.replace(/^(?:\.\/+)+/, "");
    // Folders that tell nothing yet: `tar -C layout -c .` begins with the folder itself.
    if (["", ".", "blobs/", "blobs"].includes(name) && entry.type === "5") continue;
    return OWN_NAMES.test(name) || holdsImages(name, entry, plain);
  }
  return false;
}

function holdsImages(name: string, { bodyStart, sizeBytes }: TarEntry, plain: Uint8Array): boolean {
  const body = plain.subarray(bodyStart, bodyStart + sizeBytes);
  return SHARED_NAMES.get(name)?.test(Buffer.from(body).toString("latin1")) ?? false;
}

function entriesIn(plain: Uint8Array): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  try {
    new TarWalker((entry) => entries.push(entry)).write(plain);
  } catch (error) {
    if (!(error instanceof NotTar)) throw error;
  }
  return entries;
}
