/** Sends answers: the only place that writes to a response. */
import { once } from "node:events";
import type { BlobStore } from "../content/blob-store.ts";
import type { FileRange } from "../os/kernel-files.ts";
import {
  type Answer,
  type AnswerBody,
  type BlobBody,
  type BlobPart,
  isBlobBody,
} from "./answer.ts";
import { ClientGone } from "./client-gone.ts";
import type { Exchange } from "./exchange.ts";
import type { FileSender, SentFile } from "./send-file.ts";
import { Outlet } from "./send-file-outlet.ts";
import { openSource } from "./send-file-source.ts";

/** In every answer; browsers that see attacker-made bytes must not run them. */
const ALWAYS = {
  "Docker-Distribution-Api-Version": "registry/2.0",
  "X-Content-Type-Options": "nosniff",
} as const;

/** How long a client may go on sending a body that was refused before the connection is cut. */
const REFUSED_BODY_MS = 5_000;

export interface RespondDeps {
  readonly blobs: BlobStore;
  /** For blobs that are files on this machine. */
  readonly files: FileSender;
  /** `http.headers` of the config. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/**
 * @throws whatever the store throws before the first byte is there: nothing was sent then, so an
 * error can still be answered. Later failures cut the connection: a short body is never completed.
 */
export async function respond(
  exchange: Exchange,
  answer: Answer,
  deps: RespondDeps,
): Promise<void> {
  const { outgoing, incoming } = exchange;
  await using body = await openBody(exchange, answer.body, deps);
  setHeaders(exchange, answer, deps.headers);
  try {
    await body.send();
    checkComplete(exchange, answer.body);
    outgoing.end();
  } catch (error) {
    outgoing.destroy();
    throw error;
  } finally {
    if (!incoming.complete) discardRest(exchange);
  }
}

/** A body of which it is sure that it can begin. */
interface OpenBody extends AsyncDisposable {
  send(): Promise<void>;
}

async function openBody(
  exchange: Exchange,
  body: AnswerBody | undefined,
  { blobs, files }: RespondDeps,
): Promise<OpenBody> {
  if (body === undefined || exchange.method === "HEAD") return streamedBody(exchange, none());
  if (!isBlobBody(body)) return streamedBody(exchange, one(body.bytes));
  const file = await openSource(body, blobs);
  if (file === undefined) return streamedBody(exchange, partsOf(body, exchange, blobs));
  return {
    send: () => sendParts(body, file, { exchange, files }),
    [Symbol.asyncDispose]: () => file.handle.close(),
  };
}

async function streamedBody(
  exchange: Exchange,
  chunks: AsyncIterable<Uint8Array>,
): Promise<OpenBody> {
  const peeked = await Peeked.open(chunks);
  return {
    async send() {
      for await (const chunk of peeked) await write(exchange, chunk);
    },
    [Symbol.asyncDispose]: () => peeked[Symbol.asyncDispose](),
  };
}

async function sendParts(
  { parts }: BlobBody,
  file: SentFile,
  { exchange, files }: { readonly exchange: Exchange; readonly files: FileSender },
): Promise<void> {
  using outlet = new Outlet(exchange);
  for (const part of parts) {
    if (part.kind === "bytes") await outlet.write(part.bytes);
    else await files.send(file, rangeOf(part), outlet);
  }
}

function rangeOf({ blob, range }: BlobPart & { readonly kind: "blob" }): FileRange {
  const startBytes = range?.startBytes ?? 0;
  return { startBytes, lengthBytes: range?.lengthBytes ?? blob.sizeBytes - startBytes };
}

function setHeaders(
  { outgoing }: Exchange,
  { status, headers, body }: Answer,
  configured: RespondDeps["headers"],
): void {
  outgoing.statusCode = status;
  const lines = { ...ALWAYS, ...configured, ...headers };
  for (const [name, value] of Object.entries(lines)) outgoing.setHeader(name, value);
  if (body !== undefined) {
    outgoing.setHeader("Content-Type", body.contentType);
    outgoing.setHeader("Content-Length", lengthOf(body));
  } else if (status !== 204 && status !== 304) {
    outgoing.setHeader("Content-Length", 0);
  }
}

function lengthOf(body: AnswerBody): number {
  return isBlobBody(body) ? body.lengthBytes : body.bytes.byteLength;
}

async function* partsOf(
  { parts }: BlobBody,
  { signal }: Exchange,
  blobs: BlobStore,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part.kind === "bytes") yield part.bytes;
    else yield* blobs.read(part.blob, { signal, ...(part.range && { range: part.range }) });
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Waits while the client is slower than the store. */
async function write(exchange: Exchange, chunk: Uint8Array): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.destroyed) throw new ClientGone();
  exchange.sentBytes += chunk.byteLength;
  if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal: exchange.signal });
}

/** A file that became shorter under our hands must not look like a whole one. */
function checkComplete(exchange: Exchange, body: AnswerBody | undefined): void {
  const isSent = body !== undefined && exchange.method !== "HEAD";
  if (isSent && exchange.sentBytes !== lengthOf(body)) {
    throw new Error(`sent ${exchange.sentBytes} of ${lengthOf(body)} bytes`);
  }
}

/** The rest of a body that nobody wants is read and dropped for a while, so that the client sees the answer. */
function discardRest({ incoming, outgoing }: Exchange): void {
  const timer = setTimeout(() => incoming.destroy(), REFUSED_BODY_MS);
  timer.unref();
  incoming.once("close", () => {
    clearTimeout(timer);
  });
  outgoing.once("close", () => {
    if (incoming.complete) clearTimeout(timer);
  });
  incoming.resume();
}

/** A stream whose first chunk has been waited for. */
class Peeked implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #first: IteratorResult<Uint8Array, unknown>;

  private constructor(
    iterator: AsyncIterator<Uint8Array>,
    first: IteratorResult<Uint8Array, unknown>,
  ) {
    this.#iterator = iterator;
    this.#first = first;
  }

  static async open(chunks: AsyncIterable<Uint8Array>): Promise<Peeked> {
    const iterator = chunks[Symbol.asyncIterator]();
    return new Peeked(iterator, await iterator.next());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let next = this.#first;
    while (next.done !== true) {
      yield next.value;
      next = await this.#iterator.next();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }
}
