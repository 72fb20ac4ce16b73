/** Rows with small requests, and the start of the server. */
import { setTimeout as wait } from "node:timers/promises";
import { runProgram } from "../fixtures/program.ts";
import { tokenHeaders } from "./account.ts";
import { MANIFEST_HEADERS, manifestTarget } from "./data-set.ts";
import { checkDigest } from "./lab.ts";
import { LoadClient } from "./load-client.ts";
import type { ReadRequest } from "./load-job.ts";
import { rssOf } from "./process-usage.ts";
import { isRegistry, type Row, type Sample, type Session, type Subject } from "./row.ts";
import { findProgram } from "./systems.ts";
import { parseWrk } from "./wrk.ts";

const CONNECTIONS = 64;
const SECONDS = 2;
const SETTLE_MS = 1000;

export const MANIFEST_ROW: Row = {
  name: "manifest-64",
  unit: "requests/s",
  takes: ({ kind }) => kind === "registry",
  open: openManifest,
};

export const START_ROW: Row = { name: "start", unit: "ms", takes: isRegistry, open: openStart };

async function openManifest({ lab, system, resources }: Subject): Promise<Session> {
  const image = await lab.dataSet.image("latest", [1000]);
  const { origin, processId } = await lab.open(resources, system, {
    data: "shared",
    blobs: [],
    image,
  });
  const target = manifestTarget(image.tag);
  const login = await tokenHeaders(origin, system.account);
  await checkDigest(origin, { target, status: 200, headers: login }, image.manifest.digest);
  const client = new LoadClient(resources);
  const wrk = findProgram("wrk");
  return {
    processId,
    run: async () => {
      const headers = { ...MANIFEST_HEADERS, ...(await tokenHeaders(origin, system.account)) };
      if (wrk !== undefined) return await runWrk(wrk, new URL(target, origin), headers);
      const { sizeBytes } = image.manifest;
      return await runOwnLoop(client, origin, { target, status: 200, sizeBytes, headers });
    },
  };
}

async function runWrk(
  wrk: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Sample> {
  const load = ["-t", "1", "-c", String(CONNECTIONS), "-d", `${SECONDS}s`, "--latency"];
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  return parseWrk(await runProgram({ command: [wrk, ...load, ...lines, url.href] }));
}

async function runOwnLoop(client: LoadClient, origin: URL, request: ReadRequest): Promise<Sample> {
  const { requests, elapsedMs, p99Ms } = await client.run({
    kind: "read",
    origin: origin.href,
    clients: Array.from({ length: CONNECTIONS }, () => [request]),
    durationMs: SECONDS * 1000,
  });
  return { value: requests / (elapsedMs / 1000), work: requests / 1000, p99Ms };
}

/** A first start has filled whatever caches the system keeps between starts. */
async function openStart({ lab, system }: Subject): Promise<Session> {
  const run = async (): Promise<Sample> => {
    await using resources = new AsyncDisposableStack();
    const server = await lab.open(resources, system, { data: "own" });
    await wait(SETTLE_MS);
    const peakRssBytes = await rssOf(server.processId);
    return { value: server.startedAfterMs, peakRssBytes, note: "RSS is of the idle server" };
  };
  await run();
  return { run };
}
