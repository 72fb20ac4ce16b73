/** Manifests as they lie in the store, judged rather than served. */
import { isJsonObject } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf } from "../../oci/digest.ts";
import {
  type Manifest,
  ManifestInvalid,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from "../../oci/manifest.ts";
import { readWhole } from "../../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { blobData } from "../layout.ts";

/** `schema-1`: Docker's first format, which says nothing that we follow. */
export type StoredManifest =
  | { readonly state: "absent" }
  | { readonly state: "damaged"; readonly actual: Digest }
  | { readonly state: "invalid"; readonly reason: string }
  | { readonly state: "schema-1" }
  | { readonly state: "parsed"; readonly manifest: Manifest };

/**
 * @param data what the revision's link holds.
 * @throws {StorageError} when the store fails; what is wrong with the manifest itself is an answer.
 */
export async function readStoredManifest(
  driver: StorageDriver,
  data: Digest,
  { signal }: CallOptions,
): Promise<StoredManifest> {
  const bytes = await readWhole(driver, blobData(data), { signal, maxBytes: MAX_MANIFEST_BYTES });
  if (bytes === undefined) return { state: "absent" };
  if (bytes.byteLength <= MAX_MANIFEST_BYTES) {
    const actual = digestOf(bytes, algorithmOf(data));
    if (actual !== data) return { state: "damaged", actual };
  }
  try {
    return { state: "parsed", manifest: parseManifest(bytes) };
  } catch (error) {
    if (!(error instanceof ManifestInvalid)) throw error;
    return isSchema1(bytes) ? { state: "schema-1" } : { state: "invalid", reason: error.message };
  }
}

function isSchema1(bytes: Buffer): boolean {
  try {
    const document: unknown = JSON.parse(bytes.toString());
    return isJsonObject(document) && document["schemaVersion"] === 1;
  } catch {
    return false;
  }
}
