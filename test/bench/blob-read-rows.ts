/** Rows that read blobs. */
import { createHash, randomInt } from "node:crypto";
import { open } from "node:fs/promises";
import { whyNoCgroup } from "./cgroup.ts";
import { blobTarget, type StoredBlob } from "./data-set.ts";
import { checkBlob, checkDigest, type OpenOptions } from "./lab.ts";
import { LoadClient } from "./load-client.ts";
import type { JobResult, ReadRequest } from "./load-job.ts";
import { dropFromPageCache } from "./page-cache.ts";
import {
  isRegistry,
  type Row,
  type Sample,
  sendsFiles,
  type Session,
  type Subject,
} from "./row.ts";

export const MIB = 1024 * 1024;
const BLOB_BYTES = 256 * MIB;
const LARGE_BYTES = 1024 * MIB;
const LIMIT_BYTES = 512 * MIB;
/** 16 blobs of 256 MiB are 4 GiB. */
const MANY = 16;
const BLOBS_PER_RUN = 4;
const RANGE_CLIENTS = 64;
const RANGES_PER_CLIENT = 16;

export const BLOB_READ_ROWS: readonly Row[] = [
  {
    name: "limit",
    unit: "GB/s",
    takes: ({ kind }) => kind === "limit",
    open: (subject) => openHot(subject, { streams: 1, times: 6 }),
  },
  {
    name: "get-1",
    unit: "GB/s",
    takes: () => true,
    open: (subject) => openHot(subject, { streams: 1, times: 6 }),
  },
  {
    name: "get-8",
    unit: "GB/s",
    takes: sendsFiles,
    open: (subject) => openHot(subject, { streams: 8, times: 1 }),
  },
  { name: "get-cold", unit: "GB/s", takes: sendsFiles, open: openCold },
  {
    name: "get-512mb-cgroup",
    unit: "GB/s",
    mostRuns: 3,
    takes: sendsFiles,
    whyNot: () => Promise.resolve(whyNoCgroup()),
    open: openSmallMemory,
  },
  { name: "range-64", unit: "GB/s", mostRuns: 3, takes: sendsFiles, open: openRanges },
];

export const TLS_READ_ROWS: readonly Row[] = [1, 4].map((streams) => ({
  name: `tls-get-${streams}`,
  unit: "GB/s",
  takes: isRegistry,
  open: (subject) => openHot(subject, { streams, times: 4 / streams, hasTls: true }),
}));

async function openHot(
  subject: Subject,
  { streams, times, hasTls = false }: { streams: number; times: number; hasTls?: boolean },
): Promise<Session> {
  const blob = await subject.lab.dataSet.blob(1, BLOB_BYTES);
  const server = await openServer(subject, { data: "shared", blobs: [blob], hasTls });
  await checkBlob(server.origin, blob);
  const client = new LoadClient(subject.resources);
  const requests = Array.from({ length: times }, () => wholeBlob(blob));
  const clients = Array.from({ length: streams }, () => requests);
  const origin = server.origin.href;
  return {
    processId: server.processId,
    run: async () => throughput(await client.run({ kind: "read", origin, clients })),
  };
}

/** While the cold blob is read, another client asks for `/v2/`: its p99 shows whether the server stalls. */
async function openCold(subject: Subject): Promise<Session> {
  const blob = await subject.lab.dataSet.blob(1, BLOB_BYTES);
  const server = await openServer(subject, { data: "shared", blobs: [blob] });
  await checkBlob(server.origin, blob);
  const [reader, other] = [new LoadClient(subject.resources), new LoadClient(subject.resources)];
  const origin = server.origin.href;
  const ping: ReadRequest = { target: "/v2/", status: 200 };
  return {
    processId: server.processId,
    run: async () => {
      await dropFromPageCache([blob.file]);
      const clients = [[wholeBlob(blob)]];
      const [read, asked] = await Promise.all([
        reader.run({ kind: "read", origin, clients }),
        other.run({ kind: "read", origin, clients: [[ping]], durationMs: 100 }),
      ]);
      return { ...throughput(read), p99Ms: asked.p99Ms, note: "p99 of GET /v2/ meanwhile" };
    },
  };
}

async function openSmallMemory(subject: Subject): Promise<Session> {
  const blobs: StoredBlob[] = [];
  for (let seed = 1; seed <= MANY; seed += 1) {
    blobs.push(await subject.lab.dataSet.blob(seed, BLOB_BYTES));
  }
  const server = await openServer(subject, {
    data: "shared",
    blobs,
    memoryLimitBytes: LIMIT_BYTES,
  });
  await checkBlob(server.origin, blobs[0] ?? { digest: "", sizeBytes: 0, file: "" });
  const client = new LoadClient(subject.resources);
  return {
    processId: server.processId,
    run: async (run) => {
      // Pages in the cache count for whoever read them first: each system begins with none.
      await dropFromPageCache(blobs.map(({ file }) => file));
      const chosen = [...blobs, ...blobs]
        .slice((run * BLOBS_PER_RUN) % MANY)
        .slice(0, BLOBS_PER_RUN);
      const requests = chosen.map(wholeBlob);
      const clients = [requests.slice(0, 2), requests.slice(2)];
      return throughput(await client.run({ kind: "read", origin: server.origin.href, clients }));
    },
  };
}

async function openRanges(subject: Subject): Promise<Session> {
  const blob = await subject.lab.dataSet.blob(50, LARGE_BYTES);
  const server = await openServer(subject, { data: "shared", blobs: [blob] });
  await checkRange(server.origin, blob);
  const client = new LoadClient(subject.resources);
  const origin = server.origin.href;
  const clients = Array.from({ length: RANGE_CLIENTS }, () =>
    Array.from({ length: RANGES_PER_CLIENT }, () => someRange(blob)),
  );
  await client.run({ kind: "read", origin, clients: [[wholeBlob(blob)]] });
  return {
    processId: server.processId,
    run: async () => {
      const result = await client.run({ kind: "read", origin, clients });
      return { ...throughput(result), p99Ms: result.p99Ms };
    },
  };
}

async function openServer({ lab, system, resources }: Subject, options: OpenOptions) {
  return await lab.open(resources, system, options);
}

function wholeBlob(blob: StoredBlob): ReadRequest {
  return { target: blobTarget(blob), status: 200, sizeBytes: blob.sizeBytes };
}

async function checkRange(origin: URL, blob: StoredBlob): Promise<void> {
  const first = randomInt(blob.sizeBytes - MIB);
  await using file = await open(blob.file);
  const { buffer } = await file.read(Buffer.alloc(MIB), 0, MIB, first);
  const digest = `sha256:${createHash("sha256").update(buffer).digest("hex")}`;
  await checkDigest(origin, rangeFrom(blob, first), digest);
}

function someRange(blob: StoredBlob): ReadRequest {
  return rangeFrom(blob, randomInt(blob.sizeBytes - MIB));
}

function rangeFrom(blob: StoredBlob, first: number): ReadRequest {
  const headers = { Range: `bytes=${first}-${first + MIB - 1}` };
  return { target: blobTarget(blob), status: 206, sizeBytes: MIB, headers };
}

export function throughput({ sizeBytes, elapsedMs }: JobResult): Sample {
  const gigabytes = sizeBytes / 1e9;
  return { value: gigabytes / (elapsedMs / 1000), work: gigabytes };
}
