/** Hashes data as it lies in the store. */
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import { ObjectNotFound } from "../../storage/errors.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { blobData } from "../layout.ts";

/**
 * By the algorithm of its name; reads all of it.
 * @returns `undefined` when the data went away meanwhile.
 * @throws {StorageError}
 */
export async function hashData(
  driver: StorageDriver,
  data: Digest,
  { signal }: CallOptions,
): Promise<Digest | undefined> {
  const digester = new Digester(algorithmOf(data));
  try {
    for await (const chunk of driver.read(blobData(data), { signal })) digester.update(chunk);
  } catch (error) {
    if (error instanceof ObjectNotFound) return undefined;
    throw error;
  }
  return digester.digest();
}
