import { systemClock } from "../../src/lib/clock.ts";
import { ObjectExists, ObjectNotFound } from "../../src/storage/errors.ts";
import type { CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import type { Placement } from "./placement.ts";
import { readObject } from "./read-object.ts";
import { attemptsBefore, failedFor } from "./s3-errors.ts";

const ATTEMPTS = 4;
/** The longest before the second attempt is twice this, and twice as long before each further one. */
const PAUSE_MS = 25;

interface NewObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

interface CreateOptions extends CallOptions {
  readonly placement: Placement;
}

/**
 * Stores an object if there is none.
 * @throws {ObjectExists} {StorageUnavailable}, also when an answer was lost and nobody can tell any more
 * who has stored what was there then.
 */
export async function createObject(
  bucket: Bucket,
  object: NewObject,
  options: CreateOptions,
): Promise<void> {
  const { key } = object;
  // There are stores that pass over the condition.
  if ((await bucket.head(key, options)) !== undefined) throw new ObjectExists(key);
  try {
    await putWhenQuiet(bucket, object, options);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (await holds(bucket, object, options)) return;
    throw attemptsBefore(error) > 1 ? error : new ObjectExists(key, { cause: error });
  }
}

/** Tries again while another change of the same object is under way. */
async function putWhenQuiet(
  bucket: Bucket,
  { key, bytes }: NewObject,
  { signal, placement }: CreateOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await bucket.put(key, bytes, { signal, placement, onlyIf: "absent" });
      return;
    } catch (error) {
      const isSure = isConflict(error) && attemptsBefore(error) === 1;
      if (!isSure || attempt === ATTEMPTS) throw error;
    }
    await systemClock.delay(Math.random() * PAUSE_MS * 2 ** attempt, { signal });
  }
}

/** Some stores give the answer that belongs to reading. */
function isRefusal(error: unknown): boolean {
  return failedFor(error, "PreconditionFailed", "Http412", "NotModified", "Http304");
}

/** Nothing was stored then. */
function isConflict(error: unknown): boolean {
  return failedFor(error, "ConditionalRequestConflict", "OperationAborted", "Http409");
}

/** Whether the object is the one that was sent: an attempt whose answer was lost may have stored it. */
async function holds(
  bucket: Bucket,
  { key, bytes }: NewObject,
  { signal }: CallOptions,
): Promise<boolean> {
  const range = { startBytes: 0, lengthBytes: bytes.byteLength + 1 };
  try {
    const present = await Array.fromAsync(readObject(bucket, key, { signal, range }));
    return Buffer.concat(present).equals(bytes);
  } catch (error) {
    if (error instanceof ObjectNotFound) return false;
    throw error;
  }
}
