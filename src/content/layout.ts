/**
 * Every storage key of Barge: the reference registry's layout, to the byte, and what Barge adds.
 *
 * ```text
 * docker/registry/v2/
 *   blobs/<algorithm>/<first two hex digits>/<hex>/data      the bytes of layers, configs and manifests
 *   repositories/<name>/
 *     _layers/<algorithm>/<hex>/link                         the repository holds this blob
 *     _manifests/revisions/<algorithm>/<hex>/link            the repository holds this manifest
 *     _manifests/tags/<tag>/current/link                     what the tag points to
 *     _manifests/tags/<tag>/index/<algorithm>/<hex>/link     what it ever pointed to
 *     _uploads/<id>/data, startedat                          an upload that is coming in
 *     _barge/history/<tag>/<entry>                           every move of the tag (ours)
 *     _barge/referrers/<algorithm>/<hex>/<algorithm>-<hex>   who refers to that subject (ours)
 * barge/                                                     all of it ours
 *   recipes/<algorithm>/<first two hex digits>/<hex>         how the blob is made
 *   packs/<first two digits of its name>/<name>              chunks that blobs are made of
 *   incoming/_uploads/<id>/data, startedat                   a pack, or a blob made again, that is coming in
 *   quarantine/recipes/<algorithm>/<two>/<hex>               recipes of blobs that cannot be made again
 *   quarantine/frames/<pack>-<at>                            frames of packs that do not count: damaged, or idle
 *                                                            while what they lean on may go
 * ```
 *
 * The content of every `link` is a digest without a newline. Data always lies under its sha256: the
 * link of a sha512 digest holds the sha256 one, which is how the reference registry does it too.
 * The reference skips folders of a repository that begin with `_` and that it does not know.
 */
import { algorithmOf, type Digest, encodedOf } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { UploadId } from "./upload-id.ts";

const ROOT = "docker/registry/v2";

export const REPOSITORIES = `${ROOT}/repositories`;
export const BLOBS = `${ROOT}/blobs`;
export const RECIPES = "barge/recipes";
export const PACKS = "barge/packs";
/** Named so that drivers know what is coming in. */
export const INCOMING = "barge/incoming/_uploads";
export const QUARANTINED_RECIPES = "barge/quarantine/recipes";
export const QUARANTINED_FRAMES = "barge/quarantine/frames";

/** Folders below a repository that are not repositories themselves. */
export const RESERVED = ["_barge", "_layers", "_manifests", "_uploads"] as const;
export type ReservedFolder = (typeof RESERVED)[number];

export function blobFolder(digest: Digest): string {
  return `${BLOBS}/${spread(digest)}`;
}

export function blobData(digest: Digest): string {
  return `${blobFolder(digest)}/data`;
}

/** Takes text, for a walk passes through folders that are no repositories: `a` above `a/b`. */
export function repositoryFolder(name: string): string {
  return `${REPOSITORIES}/${name}`;
}

export function layersFolder(name: RepositoryName): string {
  return `${repositoryFolder(name)}/_layers`;
}

export function layerLink(name: RepositoryName, digest: Digest): string {
  return `${layersFolder(name)}/${path(digest)}/link`;
}

export function manifestsFolder(name: RepositoryName): string {
  return `${repositoryFolder(name)}/_manifests`;
}

export function revisionsFolder(name: RepositoryName): string {
  return `${manifestsFolder(name)}/revisions`;
}

export function revisionFolder(name: RepositoryName, digest: Digest): string {
  return `${revisionsFolder(name)}/${path(digest)}`;
}

export function revisionLink(name: RepositoryName, digest: Digest): string {
  return `${revisionFolder(name, digest)}/link`;
}

export function tagsFolder(name: RepositoryName): string {
  return `${manifestsFolder(name)}/tags`;
}

export function tagFolder(name: RepositoryName, tag: Tag): string {
  return `${tagsFolder(name)}/${tag}`;
}

export function tagCurrentLink(name: RepositoryName, tag: Tag): string {
  return `${tagFolder(name, tag)}/current/link`;
}

export function tagIndexFolder(name: RepositoryName, tag: Tag): string {
  return `${tagFolder(name, tag)}/index`;
}

export function tagIndexLink(name: RepositoryName, tag: Tag, digest: Digest): string {
  return `${tagIndexFolder(name, tag)}/${path(digest)}/link`;
}

export function uploadsFolder(name: RepositoryName): string {
  return `${repositoryFolder(name)}/_uploads`;
}

export function uploadFolder(name: RepositoryName, id: UploadId): string {
  return `${uploadsFolder(name)}/${id}`;
}

export function uploadData(name: RepositoryName, id: UploadId): string {
  return `${uploadFolder(name, id)}/data`;
}

export function uploadStartedAt(name: RepositoryName, id: UploadId): string {
  return `${uploadFolder(name, id)}/startedat`;
}

export function tagHistoryFolder(name: RepositoryName, tag: Tag): string {
  return `${repositoryFolder(name)}/_barge/history/${tag}`;
}

export function allReferrersFolder(name: RepositoryName): string {
  return `${repositoryFolder(name)}/_barge/referrers`;
}

export function referrersFolder(name: RepositoryName, subject: Digest): string {
  return `${allReferrersFolder(name)}/${path(subject)}`;
}

export function referrerEntry(name: RepositoryName, subject: Digest, referrer: Digest): string {
  return `${referrersFolder(name, subject)}/${algorithmOf(referrer)}-${encodedOf(referrer)}`;
}

export function blobRecipe(digest: Digest): string {
  return `${RECIPES}/${spread(digest)}`;
}

export function quarantinedRecipe(digest: Digest): string {
  return `${QUARANTINED_RECIPES}/${spread(digest)}`;
}

/** @param name hex digits. */
export function packKey(name: string): string {
  return `${PACKS}/${name.slice(0, 2)}/${name}`;
}

/** Takes the place of a frame: its pack, and where it begins there. */
export function quarantinedFrame(pack: string, at: number): string {
  return `${QUARANTINED_FRAMES}/${pack}-${at}`;
}

export function incomingFolder(id: string): string {
  return `${INCOMING}/${id}`;
}

export function incomingData(id: string): string {
  return `${incomingFolder(id)}/data`;
}

export function incomingStartedAt(id: string): string {
  return `${incomingFolder(id)}/startedat`;
}

function spread(digest: Digest): string {
  const hex = encodedOf(digest);
  return `${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}`;
}

function path(digest: Digest): string {
  return `${algorithmOf(digest)}/${encodedOf(digest)}`;
}
