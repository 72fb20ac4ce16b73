/** Sends answers: the only place that writes to a response. */
import { once } from "node:events";
import type { BlobStore } from "../content/blob-store.ts";
import type { FileRange } from "../os/kernel-files.ts";
import { type Answer, type BlobBody, type BlobPart, isBlobBody } from "./answer.ts";
import { ClientGone } from "./client-gone.ts";
import type { Exchange } from "./exchange.ts";
import type { ResponseHeads } from "./response-head.ts";
import type { FileSender } from "./send-file.ts";
import { Outlet } from "./send-file-outlet.ts";
import { openSource } from "./send-file-source.ts";
import type { SentFile } from "./sent-file.ts";

/** How long a client may go on sending a body that was refused before the connection is cut. */
const REFUSED_BODY_MS = 5_000;

export interface RespondDeps {
  readonly blobs: BlobStore;
  /** For blobs that are files on this machine. */
  readonly files: FileSender;
  readonly heads: ResponseHeads;
}

/**
 * @returns `undefined` when everything has been handed over, as always for what is in memory.
 * @throws whatever the store throws before the first byte is there: nothing was sent then, so an
 * error can still be answered. Later failures cut the connection: a short body is never completed.
 */
export function respond(
  exchange: Exchange,
  answer: Answer,
  deps: RespondDeps,
): Promise<void> | undefined {
  const { body } = answer;
  if (body !== undefined && isBlobBody(body) && exchange.method !== "HEAD") {
    return sendBlob(exchange, { ...answer, body }, deps);
  }
  const bytes = body === undefined || isBlobBody(body) ? undefined : body.bytes;
  sendInHand(exchange, answer, { bytes, heads: deps.heads });
  return undefined;
}

/** Node and the kernel see to a client that is slow; the bytes are in memory in any case. */
function sendInHand(
  exchange: Exchange,
  answer: Answer,
  { bytes, heads }: { readonly bytes: Uint8Array | undefined; readonly heads: ResponseHeads },
): void {
  const { outgoing, incoming } = exchange;
  const sent = exchange.method === "HEAD" ? undefined : bytes;
  try {
    if (sent !== undefined && outgoing.destroyed) throw new ClientGone();
    writeHead(exchange, answer, heads);
    exchange.sentBytes += sent?.byteLength ?? 0;
    outgoing.end(sent);
  } finally {
    if (!incoming.complete && exchange.hasBody) discardRest(exchange);
  }
}

async function sendBlob(
  exchange: Exchange,
  answer: Answer & { readonly body: BlobBody },
  deps: RespondDeps,
): Promise<void> {
  const { outgoing, incoming } = exchange;
  await using body = await openBody(exchange, answer.body, deps);
  writeHead(exchange, answer, deps.heads);
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

function writeHead(exchange: Exchange, answer: Answer, heads: ResponseHeads): void {
  exchange.sentType = answer.body?.contentType;
  exchange.outgoing.writeHead(answer.status, heads.linesOf(answer));
}

/** A body of which it is sure that it can begin. */
interface OpenBody extends AsyncDisposable {
  send(): Promise<void>;
}

async function openBody(
  exchange: Exchange,
  body: BlobBody,
  { blobs, files }: RespondDeps,
): Promise<OpenBody> {
  const file = await openSource(body, { blobs, openFiles: files.openFiles });
  if (file === undefined) return streamedBody(exchange, partsOf(body, exchange, blobs));
  return {
    send: () => sendParts(body, file, { exchange, files }),
    [Symbol.asyncDispose]: async () => file[Symbol.dispose](),
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

/** Waits while the client is slower than the store. */
async function write(exchange: Exchange, chunk: Uint8Array): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.destroyed) throw new ClientGone();
  exchange.sentBytes += chunk.byteLength;
  if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal: exchange.signal });
}

/** A file that became shorter under our hands must not look like a whole one. */
function checkComplete(exchange: Exchange, { lengthBytes }: BlobBody): void {
  if (exchange.sentBytes !== lengthBytes) {
    throw new Error(`sent ${exchange.sentBytes} of ${lengthBytes} bytes`);
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
