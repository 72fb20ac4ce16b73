/** Pushes blobs as clients do: `POST`, one `PATCH` with all bytes, `PUT` with the digest. */
import { createHash, randomBytes } from "node:crypto";
import { Agent as PlainAgent, type IncomingMessage, request as requestPlain } from "node:http";
import { Agent as TlsAgent, request as requestTls } from "node:https";
import { type JobResult, NO_RESULT, p99Of, type PushJob } from "./load-job.ts";
import { pseudoRandom } from "./pseudo-random.ts";

const SILENCE_MS = 60_000;

interface Blob {
  readonly pieces: readonly Buffer[];
  readonly sizeBytes: number;
  readonly digest: string;
}

interface Ask {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly pieces?: readonly Buffer[];
}

/** The bytes are made before the time begins to count. @throws {Error} when a request fails. */
export async function pushBlobs(job: PushJob): Promise<JobResult> {
  const blobs = Array.from({ length: job.streams }, () => freshBlob(job.sizeBytes));
  const startedMs = performance.now();
  const timesMs = await Promise.all(blobs.map(async (blob) => push(job, blob)));
  return {
    ...NO_RESULT,
    elapsedMs: performance.now() - startedMs,
    sizeBytes: job.sizeBytes * job.streams,
    requests: job.streams,
    p99Ms: p99Of(timesMs),
    digests: blobs.map(({ digest }) => digest),
  };
}

function freshBlob(sizeBytes: number): Blob {
  const seed = randomBytes(1)[0] ?? 0;
  const pieces = [...pseudoRandom(seed, { lengthBytes: sizeBytes })].map((piece) =>
    Buffer.from(piece),
  );
  randomBytes(16).copy(pieces[0] ?? Buffer.alloc(0));
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return { pieces, sizeBytes, digest: `sha256:${hash.digest("hex")}` };
}

async function push({ origin, repository }: PushJob, blob: Blob): Promise<number> {
  const startedMs = performance.now();
  const agent = origin.startsWith("https:")
    ? new TlsAgent({ keepAlive: true, rejectUnauthorized: false })
    : new PlainAgent({ keepAlive: true });
  const begin = new URL(`/v2/${repository}/blobs/uploads/`, origin);
  const first = await send(agent, { method: "POST", url: begin, status: 202 });
  const { pieces } = blob;
  const second = await send(agent, { method: "PATCH", url: first, status: 202, pieces });
  second.searchParams.set("digest", blob.digest);
  await send(agent, { method: "PUT", url: second, status: 201 });
  agent.destroy();
  return performance.now() - startedMs;
}

/** @returns where the answer's `Location` points. */
async function send(
  agent: PlainAgent | TlsAgent,
  { method, url, status, pieces = [] }: Ask,
): Promise<URL> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const lengthBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": lengthBytes };
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  const outgoing = request(url, { method, agent, headers }, resolve);
  outgoing.once("error", reject);
  outgoing.setTimeout(SILENCE_MS, () => outgoing.destroy(new Error("nothing came for a minute")));
  writeAll(outgoing, pieces);
  const incoming = await promise;
  const text = Buffer.concat(await Array.fromAsync(incoming)).toString();
  if (incoming.statusCode !== status) {
    throw new Error(`${method} was answered with ${incoming.statusCode}: ${text}`);
  }
  return new URL(incoming.headers.location ?? "", url);
}

function writeAll(outgoing: ReturnType<typeof requestPlain>, pieces: readonly Buffer[]): void {
  let next = 0;
  const write = (): void => {
    while (next < pieces.length) {
      const hasRoom = outgoing.write(pieces[next]);
      next += 1;
      if (!hasRoom) {
        outgoing.once("drain", write);
        return;
      }
    }
    outgoing.end();
  };
  write();
}
