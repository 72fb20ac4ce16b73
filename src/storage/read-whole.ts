import { ObjectNotFound } from "./errors.ts";
import type { CallOptions, StorageDriver } from "./storage-driver.ts";

/**
 * A small object in memory.
 * @param limits.maxBytes reading stops there: the caller sees at most one byte more than it allows.
 * @returns `undefined` when there is no such object.
 */
export async function readWhole(
  driver: StorageDriver,
  key: string,
  { signal, maxBytes }: CallOptions & { readonly maxBytes: number },
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  const range = { startBytes: 0, lengthBytes: maxBytes + 1 };
  try {
    for await (const chunk of driver.read(key, { signal, range })) chunks.push(chunk);
  } catch (error) {
    if (error instanceof ObjectNotFound) return undefined;
    throw error;
  }
  return Buffer.concat(chunks);
}
