import { NotTar, parseTarHeader } from "../tar/tar-header.ts";

/** How the first file of an archive of images is named: by docker, podman, skopeo, buildah and crane. */
const FIRST_NAMES =
  /^(?:\.\/)?(?:blobs\/.*|oci-layout|index\.json|manifest\.json|repositories|(?:sha256:)?[0-9a-f]{64}(?:\/.*|\.json|\.tar|\.tar\.gz)?)$/;

/**
 * Whether plain bytes begin as an archive of images does. Then what was compressed is the archive, and not
 * a layer; it is a guess from one name.
 *
 * @param plain at least 512 bytes; of fewer it is `false`
 */
export function beginsAsImages(plain: Uint8Array): boolean {
  if (plain.length < 512) return false;
  try {
    const first = parseTarHeader(plain.subarray(0, 512));
    return first !== undefined && FIRST_NAMES.test(first.name);
  } catch (error) {
    if (error instanceof NotTar) return false;
    throw error;
  }
}
