/** Pushes and pulls of large blobs, over connections of their own. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { type Digest, Digester } from "../../src/oci/digest.ts";
import { digestOfPseudoRandom, pseudoRandom } from "./pseudo-random.ts";

/** A blob that nobody keeps: it is made whenever it is sent. */
export interface LargeBlob {
  readonly seed: number;
  readonly sizeBytes: number;
  readonly digest: Digest;
}

const REPOSITORY = "bench/large";

export function largeBlob(seed: number, sizeBytes: number): LargeBlob {
  return { seed, sizeBytes, digest: digestOfPseudoRandom(seed, sizeBytes) };
}

/** One `PATCH` that does not say how long it is, as most clients send layers. */
export async function pushStreamed(
  origin: URL,
  { seed, sizeBytes, digest }: LargeBlob,
): Promise<void> {
  const location = await begin(origin);
  const next = await send(location, {}, pseudoRandom(seed, { lengthBytes: sizeBytes }));
  await finish(next, digest);
}

/** Many `PATCH`es, each of which says where it belongs. */
export async function pushChunked(
  origin: URL,
  { seed, sizeBytes, digest }: LargeBlob,
  chunkBytes: number,
): Promise<void> {
  let location = await begin(origin);
  for (let startBytes = 0; startBytes < sizeBytes; startBytes += chunkBytes) {
    const lengthBytes = Math.min(chunkBytes, sizeBytes - startBytes);
    const headers = {
      "Content-Length": lengthBytes,
      "Content-Range": `${startBytes}-${startBytes + lengthBytes - 1}`,
    };
    location = await send(location, headers, pseudoRandom(seed, { startBytes, lengthBytes }));
  }
  await finish(location, digest);
}

/** @throws {Error} when what comes back is not what was pushed. */
export async function pull(origin: URL, { digest }: LargeBlob): Promise<void> {
  const outgoing = request(new URL(`/v2/${REPOSITORY}/blobs/${digest}`, origin), { agent: false });
  outgoing.end();
  const incoming = await answer(outgoing, 200);
  const digester = new Digester("sha256");
  for await (const chunk of incoming) digester.update(chunk as Buffer);
  const actual = digester.digest();
  if (actual !== digest) throw new Error(`pulled ${actual}, not ${digest}`);
}

async function begin(origin: URL): Promise<URL> {
  const url = new URL(`/v2/${REPOSITORY}/blobs/uploads/`, origin);
  const outgoing = request(url, { method: "POST", agent: false });
  outgoing.end();
  return locationOf(await answer(outgoing, 202), url);
}

async function send(
  url: URL,
  headers: Readonly<Record<string, string | number>>,
  pieces: Iterable<Buffer>,
): Promise<URL> {
  const outgoing = request(url, {
    method: "PATCH",
    agent: false,
    headers: { "Content-Type": "application/octet-stream", ...headers },
  });
  const answered = answer(outgoing, 202);
  for (const piece of pieces) {
    if (!outgoing.write(piece)) await Promise.race([once(outgoing, "drain"), answered]);
  }
  outgoing.end();
  return locationOf(await answered, url);
}

async function finish(url: URL, digest: Digest): Promise<void> {
  const target = new URL(url);
  target.searchParams.set("digest", digest);
  const outgoing = request(target, {
    method: "PUT",
    agent: false,
    headers: { "Content-Length": 0 },
  });
  outgoing.end();
  (await answer(outgoing, 201)).resume();
}

async function answer(outgoing: ClientRequest, expected: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once("response", resolve);
  outgoing.once("error", reject);
  const incoming = await promise;
  if (incoming.statusCode === expected) return incoming;
  const text = Buffer.concat(await Array.fromAsync(incoming)).toString();
  throw new Error(`${outgoing.method} was answered with ${incoming.statusCode}: ${text}`);
}

function locationOf(incoming: IncomingMessage, base: URL): URL {
  incoming.resume();
  return new URL(incoming.headers.location ?? "", base);
}
