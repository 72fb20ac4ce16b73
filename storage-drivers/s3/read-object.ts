import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { ObjectNotFound, StorageUnavailable } from "../../src/storage/errors.ts";
import type { ByteRange, CallOptions } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import { failedFor } from "./s3-errors.ts";

/** Attempts in a row that bring nothing. */
const FRUITLESS_ATTEMPTS = 3;

interface Reading extends CallOptions {
  readonly range: ByteRange;
  /** Only of the object with this tag. */
  readonly etag?: string;
}

interface Body {
  readonly stream: Readable;
  readonly etag: string;
  readonly lengthBytes: number;
}

/**
 * Streams an object. A connection that breaks, or that the store closes because the reader was slow,
 * is taken up where it ended, as long as the object is the same.
 * @throws {ObjectNotFound} on the first pull.
 */
export async function* readObject(
  bucket: Bucket,
  key: string,
  { signal, range }: Reading,
): AsyncGenerator<Uint8Array> {
  let body = await openBody(bucket, key, { signal, range });
  if (body === undefined) return;
  const { etag } = body;
  const endBytes = range.startBytes + body.lengthBytes;
  let at = range.startBytes;
  for (let fruitless = 0; ;) {
    let arrivedBytes = 0;
    for await (const chunk of untilBroken(body.stream)) {
      signal.throwIfAborted();
      arrivedBytes += chunk.byteLength;
      yield chunk;
    }
    signal.throwIfAborted();
    at += arrivedBytes;
    if (at === endBytes) return;
    fruitless = arrivedBytes > 0 ? 0 : fruitless + 1;
    const rest = { startBytes: at, lengthBytes: endBytes - at };
    if (fruitless < FRUITLESS_ATTEMPTS) {
      body = await openBody(bucket, key, { signal, range: rest, etag });
    }
    if (body === undefined || fruitless === FRUITLESS_ATTEMPTS || at > endBytes) {
      throw broken(key, "BodyCutOff");
    }
  }
}

/** @returns `undefined` when nothing lies in the range. */
async function openBody(
  bucket: Bucket,
  key: string,
  { signal, range, etag }: Reading,
): Promise<Body | undefined> {
  if (range.lengthBytes === 0) {
    if ((await bucket.head(key, { signal })) === undefined) throw new ObjectNotFound(key);
    return undefined;
  }
  const header = rangeHeader(range);
  const asked = { ...(header && { Range: header }), ...(etag && { IfMatch: etag }) };
  const output = await bucket.get(key, { signal, ...asked }).catch(nothingInRange);
  if (output === undefined) throw new ObjectNotFound(key);
  return output === "nothing" ? undefined : bodyOf(output, { key, range });
}

function bodyOf(
  output: GetObjectCommandOutput,
  { key, range }: { readonly key: string; readonly range: ByteRange },
): Body {
  const { Body: stream, ContentLength: lengthBytes, ContentRange, ETag: etag = "" } = output;
  if (!(stream instanceof Readable) || lengthBytes === undefined) throw broken(key, "NoBody");
  const isWhole = rangeHeader(range) === undefined;
  if (isWhole || ContentRange?.startsWith(`bytes ${range.startBytes}-`) === true) {
    return { stream, lengthBytes, etag };
  }
  stream.destroy();
  throw broken(key, "RangeIgnored");
}

/** @returns `undefined` for the whole object. */
function rangeHeader({ startBytes, lengthBytes }: ByteRange): string | undefined {
  if (lengthBytes !== undefined) return `bytes=${startBytes}-${startBytes + lengthBytes - 1}`;
  return startBytes === 0 ? undefined : `bytes=${startBytes}-`;
}

/** For `catch`: the object is there and ends before the range begins. */
function nothingInRange(error: unknown): "nothing" {
  if (failedFor(error, "InvalidRange", "Http416")) return "nothing";
  throw error;
}

/** Ends where the connection does; whoever counts the bytes knows whether that was the end. */
async function* untilBroken(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
  } catch {
    // The missing bytes say it.
  }
}

function broken(key: string, reason: string): StorageUnavailable {
  return new StorageUnavailable(`cannot read ${key}: ${reason}`, { reason });
}
