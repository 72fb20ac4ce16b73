import type { Digest } from "../../oci/digest.ts";
import { HostReadFailed, type StoreHost } from "./store-host.ts";

/** What is asked of the store at once: few questions for a store far away. */
const READ_BYTES = 2 * 1024 * 1024;
/** What is worked at without a pause: a little may unpack to a lot. */
const PIECE_BYTES = 64 * 1024;

/** A blob's data, by the name it lies under. */
export interface BlobPlace {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/**
 * Reads all of a blob's data, asking for the next bytes before those at hand are taken.
 * @throws {HostReadFailed} also when there is less of it than there was.
 */
export async function* blobPieces(
  { digest, sizeBytes }: BlobPlace,
  host: Pick<StoreHost, "read" | "progress">,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ask = async (at: number): Promise<Buffer> => {
    const wanted = Math.min(READ_BYTES, sizeBytes - at);
    const bytes = await host.read({ kind: "blob", digest }, at, wanted);
    if (bytes.length === wanted) return bytes;
    throw new HostReadFailed(`${digest} became shorter while it was read`, true);
  };
  let next = sizeBytes > 0 ? ask(0) : undefined;
  for (let at = 0; next !== undefined;) {
    const bytes: Buffer = await next;
    at += bytes.length;
    next = at < sizeBytes ? ask(at) : undefined;
    // Whoever takes no more leaves it alone.
    next?.catch(() => undefined);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      yield bytes.subarray(from, from + PIECE_BYTES);
    }
    host.progress(bytes.length);
  }
}
