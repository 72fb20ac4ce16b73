import { ObjectNotFound } from "../../src/storage/errors.ts";
import type { CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import { readObject } from "./read-object.ts";
import { workingFolder } from "./upload-record.ts";
import type { TailPiece } from "./upload-state.ts";

/** The key of a piece of the staged object `key`. */
export function tailKey(key: string, { name }: Pick<TailPiece, "name">): string {
  return `${workingFolder(key)}/${name}`;
}

/** The bytes of the pieces, one after the other. @throws {ObjectNotFound} when one was discarded. */
export async function* readTail(
  bucket: Bucket,
  key: string,
  { signal, tail }: CallOptions & { readonly tail: readonly TailPiece[] },
): AsyncGenerator<Uint8Array> {
  for (const piece of tail) {
    const range = { startBytes: 0, lengthBytes: piece.sizeBytes };
    let arrivedBytes = 0;
    for await (const bytes of readObject(bucket, tailKey(key, piece), { signal, range })) {
      arrivedBytes += bytes.byteLength;
      yield bytes;
    }
    if (arrivedBytes !== piece.sizeBytes) throw new ObjectNotFound(key);
  }
}

/** All of it in memory: it is smaller than a part. */
export async function collectTail(...reading: Parameters<typeof readTail>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(readTail(...reading)));
}
