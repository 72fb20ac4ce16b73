/** Links as they lie in the store: absent, a digest, or unreadable, which the store's own readers take for absent. */
import { type Digest, isDigest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/repository-name.ts";
import { readWhole } from "../../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";

/** A store, and one of its repositories. */
export interface RepositoryPlace {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
}

export type StoredLink =
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string }
  | { readonly state: "read"; readonly digest: Digest };

const MAX_LINK_BYTES = 256;

/** @throws {StorageError} when the store fails; what is wrong with the link itself is an answer. */
export async function readStoredLink(
  driver: StorageDriver,
  key: string,
  { signal }: CallOptions,
): Promise<StoredLink> {
  const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_LINK_BYTES });
  return bytes === undefined ? { state: "absent" } : judgeLink(bytes);
}

function judgeLink(bytes: Buffer): StoredLink {
  const text = bytes.toString("latin1").trim();
  if (isDigest(text)) return { state: "read", digest: text };
  return { state: "unreadable", reason: reasonOf(bytes, text) };
}

function reasonOf(bytes: Buffer, text: string): string {
  if (bytes.byteLength === 0) return "it is empty";
  if (bytes.every((byte) => byte === 0)) return "it holds nothing but zero bytes";
  return `it holds no digest but ${JSON.stringify(text.slice(0, 80))}`;
}
