/** The row with many connections, half of them slow, in little memory. */
import { MIB } from "./blob-read-rows.ts";
import { killsIn, whyNoCgroup } from "./cgroup.ts";
import { blobTarget, MANIFEST_HEADERS, manifestTarget } from "./data-set.ts";
import { checkBlob, type OpenedServer } from "./lab.ts";
import { LoadClient } from "./load-client.ts";
import { isRegistry, type Row, type Sample, type Session, type Subject } from "./row.ts";

const SLOW = 1000;
const NORMAL = 50;
const IDLE = 950;
const LIMIT_BYTES = 512 * MIB;
const SECONDS = 2;

export const CROWD_ROW: Row = {
  name: "connections-2000",
  unit: "ms",
  mostRuns: 1,
  takes: isRegistry,
  whyNot: () => Promise.resolve(whyNoCgroup()),
  open: openCrowd,
};

async function openCrowd({ lab, system, resources }: Subject): Promise<Session> {
  const blob = await lab.dataSet.blob(60, 64 * MIB);
  const image = await lab.dataSet.image("latest", [1000]);
  const server = await lab.open(resources, system, {
    data: "shared",
    blobs: [blob],
    image,
    memoryLimitBytes: LIMIT_BYTES,
  });
  await checkBlob(server.origin, blob);
  const normal = new LoadClient(resources);
  const origin = server.origin.href;
  const request = { target: manifestTarget(image.tag), status: 200, headers: MANIFEST_HEADERS };
  const clients = Array.from({ length: NORMAL }, () => [request]);
  const ask = { kind: "read", origin, clients, durationMs: SECONDS * 1000 } as const;
  return {
    processId: server.processId,
    run: async () => {
      await using crowdResources = new AsyncDisposableStack();
      const alone = await normal.run(ask);
      const crowd = new LoadClient(crowdResources);
      const gathered = await crowd.run({
        kind: "crowd",
        origin,
        slow: SLOW,
        idle: IDLE,
        target: blobTarget(blob),
      });
      const crowded = await runUnlessDead(server, async () => normal.run(ask));
      return sampleOf(alone.p99Ms, crowded.p99Ms, {
        requests: alone.requests + crowded.requests,
        refused: gathered.refused,
      });
    },
  };
}

function sampleOf(
  aloneMs: number,
  crowdedMs: number,
  { requests, refused }: { readonly requests: number; readonly refused: number },
): Sample {
  const times = (crowdedMs / aloneMs).toFixed(1);
  const note = `p99; without the crowd ${aloneMs.toFixed(1)} ms: ${times}x; ${refused} refused`;
  return { value: crowdedMs, p99Ms: crowdedMs, work: requests / 1000, note };
}

/** Whoever has died has failed for that reason, whatever its clients saw of it. */
async function runUnlessDead<Result>(
  server: OpenedServer,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } finally {
    await checkAlive(server);
  }
}

async function checkAlive({ isAlive, cgroup, output }: OpenedServer): Promise<void> {
  const kills = cgroup === undefined ? 0 : await killsIn(cgroup);
  if (isAlive() && kills === 0) return;
  throw new Error(`the server has died, ${kills} times for want of memory: ${output()}`);
}
