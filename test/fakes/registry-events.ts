import { parseDigest } from "../../src/oci/digest.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import type {
  BlobTransferred,
  EventOrigin,
  ManifestTransferred,
  TagDeleted,
} from "../../src/events/event.ts";

export const REPOSITORY = parseRepositoryName("a/b");
export const DIGEST = parseDigest(`sha256:${"0a".repeat(32)}`);

/** @param id tells events of a test apart. */
export function originOf(id: string): EventOrigin {
  return {
    id,
    at: new Date("2026-01-02T03:04:05.678Z"),
    request: {
      id: "11111111-2222-4333-8444-555555555555",
      address: "10.0.0.1:1234",
      sureAddress: "10.0.0.1",
      host: "reg.example",
      method: "PUT",
      userAgent: "docker/28.0",
    },
    actor: { name: "alice", kind: "user" },
  };
}

export function manifestPushed(id: string): ManifestTransferred {
  const target = { mediaType: OCI_MANIFEST, digest: DIGEST, sizeBytes: 395, tag: parseTag("v1") };
  return { ...originOf(id), kind: "manifest", action: "push", repository: REPOSITORY, target };
}

export function blobPulled(id: string): BlobTransferred {
  const target = { mediaType: "application/octet-stream", digest: DIGEST, sizeBytes: 12 };
  return { ...originOf(id), kind: "blob", action: "pull", repository: REPOSITORY, target };
}

export function tagDeleted(id: string): TagDeleted {
  const target = { tag: parseTag("v1"), digest: DIGEST };
  return { ...originOf(id), kind: "tag", action: "delete", repository: REPOSITORY, target };
}
