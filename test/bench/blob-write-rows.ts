/** Rows that push blobs to a disk. */
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { MIB, throughput } from "./blob-read-rows.ts";
import { checkDigest } from "./lab.ts";
import { LoadClient } from "./load-client.ts";
import type { JobResult } from "./load-job.ts";
import { isRegistry, type Row, type Session, type Subject } from "./row.ts";

const TOTAL_BYTES = 256 * MIB;
const TMPFS = 0x01021994;
const REPOSITORY = "bench/pushed";

export const BLOB_WRITE_ROWS: readonly Row[] = [
  pushRow("put-1", 1, false),
  pushRow("put-4", 4, false),
  pushRow("put-32", 32, false),
  { name: "push-pull", unit: "ms", takes: isRegistry, whyNot: whyNoDisk, open: openPushPull },
];

export const TLS_WRITE_ROWS: readonly Row[] = [
  pushRow("tls-put-1", 1, true),
  pushRow("tls-put-4", 4, true),
];

function pushRow(name: string, streams: number, hasTls: boolean): Row {
  return {
    name,
    unit: "GB/s",
    takes: isRegistry,
    whyNot: whyNoDisk,
    open: async (subject) => {
      const { processId, push } = await openPusher(subject, hasTls);
      return {
        processId,
        run: async () => throughput(await push(streams, TOTAL_BYTES / streams)),
      };
    },
  };
}

async function openPushPull(subject: Subject): Promise<Session> {
  const { processId, push, client, origin } = await openPusher(subject, false);
  return {
    processId,
    run: async () => {
      const pushed = await push(1, TOTAL_BYTES);
      const target = targetOf(pushed.digests[0] ?? "");
      const clients = [[{ target, status: 200, sizeBytes: TOTAL_BYTES }]];
      const pulled = await client.run({ kind: "read", origin: origin.href, clients });
      const [pushedMs, pulledMs] = [pushed.elapsedMs, pulled.elapsedMs];
      const work = (2 * TOTAL_BYTES) / 1e9;
      const note = `last: push ${pushedMs.toFixed(0)}, pull ${pulledMs.toFixed(0)} ms`;
      return { value: pushedMs + pulledMs, work, note };
    },
  };
}

/** Has checked that what was pushed can be read again. */
async function openPusher({ lab, system, resources }: Subject, hasTls: boolean) {
  const { origin, processId } = await lab.open(resources, system, { data: "own", hasTls });
  const client = new LoadClient(resources);
  const push = async (streams: number, sizeBytes: number): Promise<JobResult> =>
    client.run({
      kind: "push",
      origin: origin.href,
      repository: REPOSITORY,
      streams,
      sizeBytes,
    });
  const [digest = ""] = (await push(1, 10 * MIB)).digests;
  await checkDigest(origin, { target: targetOf(digest), status: 200 }, digest);
  return { origin, processId, client, push };
}

function targetOf(digest: string): string {
  return `/v2/${REPOSITORY}/blobs/${digest}`;
}

async function whyNoDisk(): Promise<string | undefined> {
  const isInMemory = (await statfs(tmpdir())).type === TMPFS;
  return isInMemory ? "needs a temporary directory on a disk: set TMPDIR" : undefined;
}
