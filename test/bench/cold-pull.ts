/**
 * How fast cold layers are pulled: `node test/bench/cold-pull.ts [--storage filesystem|s3] [--pulls 3] LAYER...`.
 *
 * Each LAYER, a compressed tar, is pushed to a server of its own, which is left alone until the layer has given up
 * its data. It is pulled as the first thing that a server does, which has to start its threads for it; and by a
 * server that has made another blob before. Each pull has a server started anew; the best of some is told. MB
 * are 10^6 bytes of the layer as it was pushed.
 */
import { createHash } from "node:crypto";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Digest } from "../../src/oci/digest.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { pushBlob } from "../fixtures/pushing.ts";

const NAME = "bench/cold";
const MEGABYTE = 1e6;
const LOOK_EVERY_MS = 250;
const SMALL_BYTES = 1_000_000;

interface Pull {
  readonly firstByteMs: number;
  readonly totalMs: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    storage: { type: "string", default: "filesystem" },
    pulls: { type: "string", default: "3" },
  },
});
const storage = values.storage === "s3" ? "s3" : "filesystem";
print("| layer | MB | first pull: first byte, ms | MB/s | later: first byte, ms | MB/s |\n");
print("|---|--:|--:|--:|--:|--:|\n");
for (const file of positionals) await measure(file);

async function measure(file: string): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const layer = await readFile(file);
  const other = plainLayer({ seed: 1, sizeBytes: SMALL_BYTES });
  const first: Pull[] = [];
  const later: Pull[] = [];
  const state = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-bench-")));
  const dedup = { mode: "at-rest", cold: "0s", threads: 2 };
  const barge = { auth: "open", dedup, state: { directory: state.path } };
  let server = await openBarge(resources, { storage, sections: { barge } });
  const { config } = server;
  const digest = await pushBlob(server.origin, NAME, layer);
  const warmUp = await pushBlob(server.origin, NAME, other);
  let pulled = [digest, warmUp];
  for (let left = 2 * Number(values.pulls); left > 0; left--) {
    await until("gave up its data", server, pulled);
    await server.stop();
    server = await openBarge(resources, { storage, config });
    const isFirst = left % 2 === 0;
    pulled = isFirst ? [digest] : [digest, warmUp];
    if (!isFirst) await pull(server.origin, warmUp);
    (isFirst ? first : later).push(await pull(server.origin, digest));
    await until("has its data again", server, pulled);
    await server.stop();
    // It searches for what is cold when it starts.
    server = await openBarge(resources, { storage, config });
  }
  await server.stop();
  const size = layer.length / MEGABYTE;
  const name = `${basename(dirname(file))}/${basename(file)}`;
  print(`| ${name} | ${size.toFixed(1)} | ${cells(first, size)} | ${cells(later, size)} |\n`);
}

/** Waits for the server to say so of each. */
async function until(
  what: "gave up its data" | "has its data again",
  { output }: RunningBarge,
  digests: readonly Digest[],
): Promise<void> {
  const isTold = (digest: Digest): boolean =>
    output.some((line) => line.includes(what) && line.includes(digest));
  while (!digests.every(isTold)) await delay(LOOK_EVERY_MS);
}

/** @throws when other bytes come than were pushed. */
async function pull(origin: URL, digest: Digest): Promise<Pull> {
  const startedMs = performance.now();
  const url = new URL(`v2/${NAME}/blobs/${digest}`, origin);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request(url, resolve).on("error", reject).end();
  const hash = createHash("sha256");
  let firstByteMs: number | undefined;
  for await (const bytes of await promise) {
    firstByteMs ??= performance.now() - startedMs;
    if (bytes instanceof Uint8Array) hash.update(bytes);
  }
  const totalMs = performance.now() - startedMs;
  if (`sha256:${hash.digest("hex")}` !== digest) throw new Error("other bytes came");
  return { firstByteMs: firstByteMs ?? totalMs, totalMs };
}

function cells(pulls: readonly Pull[], size: number): string {
  const firstByteMs = Math.min(...pulls.map((one) => one.firstByteMs));
  const totalMs = Math.min(...pulls.map((one) => one.totalMs));
  return `${firstByteMs.toFixed(0)} | ${((size * 1000) / totalMs).toFixed(1)}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
