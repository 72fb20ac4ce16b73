import { blobData } from "../../content/layout.ts";
import type { JobQueue } from "../../jobs/job-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { ALWAYS } from "../../lib/day-spans.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { Conversion } from "../convert/converter.ts";
import { addDedupJobs, DEDUP_QUEUE } from "../work/dedup-jobs.ts";
import { openWork, type WorkOptions } from "../work/open-work.ts";
import type { BrokenBlob, Watch } from "./watching.ts";

export interface WorkThroughOptions
  extends Omit<WorkOptions, "hours" | "onConversion" | "onProgress" | "usedAtMs">, CallOptions {
  readonly watch: Watch;
}

/** What became of the backlog, as far as this process worked at it. */
export interface WorkedThrough {
  /** Blobs that have a recipe now, */
  readonly indexed: number;
  /** blobs that gave up their data, */
  readonly cold: number;
  /** and blobs that are as they were, by the reason. */
  readonly kept: ReadonlyMap<string, number>;
  /** Blobs whose work failed for good, here or elsewhere. */
  readonly failed: readonly BrokenBlob[];
  /** Data that went, less the recipes of its blobs and the packs that were made; less than 0 where it takes more. */
  readonly savedBytes: number;
}

const FIRST_LOOK_MS = 50;
const LAST_LOOK_MS = 2000;
const PAGE_JOBS = 1000;

/**
 * Works at all blobs for which there is something to do, at any hour, until nothing waits in the queue; other
 * processes may work at it too. What has failed before is tried again.
 * @throws {StorageError} {JobStoreUnavailable}; `signal.reason`, and what was begun is given back.
 */
export async function workThrough(options: WorkThroughOptions): Promise<WorkedThrough> {
  const { queue, workshop, signal, clock } = options;
  const tally = new Tally();
  let onBytes: (bytes: number) => void = () => undefined;
  const { jobs, found } = openWork({
    ...options,
    hours: ALWAYS,
    usedAtMs: () => undefined,
    onConversion: (_, conversion) => tally.add(conversion),
    onProgress: (bytes) => onBytes(bytes),
  });
  const digests = await Array.fromAsync(found(signal));
  onBytes = options.watch(await bytesToRead(digests, options));
  const packsBefore = bytesOfPacks(options);
  await queue.change(DEDUP_QUEUE, { kind: "retry" }, { signal });
  await addDedupJobs(queue, digests, { signal });
  await whileBusy({ queue, clock, signal }, (until) => jobs.run({ signal: until }));
  const failed = await listFailed(queue, { signal });
  const { indexed, cold, kept } = tally;
  const addedBytes = bytesOfPacks({ workshop }) - packsBefore;
  return { indexed, cold, kept, failed, savedBytes: tally.freedBytes - addedBytes };
}

class Tally {
  readonly kept = new Map<string, number>();
  indexed = 0;
  cold = 0;
  /** Data that went, less its recipes. */
  freedBytes = 0;

  add(conversion: Conversion): void {
    if (conversion.kind === "indexed") this.indexed += 1;
    else if (conversion.kind === "cold") {
      this.cold += 1;
      this.freedBytes += conversion.savedBytes;
    } else {
      const { reason } = conversion;
      this.kept.set(reason, (this.kept.get(reason) ?? 0) + 1);
    }
  }
}

/** Each blob is read for its recipe, and once more for its chunks. */
async function bytesToRead(
  digests: readonly Digest[],
  { driver, mode, signal }: WorkThroughOptions,
): Promise<number> {
  let sum = 0;
  for (const digest of digests) {
    sum += (await driver.stat(blobData(digest), { signal }))?.sizeBytes ?? 0;
  }
  return mode === "at-rest" ? 2 * sum : sum;
}

/** Of those that this process knows. */
function bytesOfPacks({ workshop }: Pick<WorkThroughOptions, "workshop">): number {
  return workshop.index.chunks.packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

interface Busy extends CallOptions {
  readonly queue: JobQueue;
  readonly clock: Clock;
}

/** Lets the work go on until there is nothing left to do. @throws what the work throws; `signal.reason`. */
async function whileBusy(
  { queue, clock, signal }: Busy,
  work: (until: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const working = work(until);
  try {
    await Promise.race([working, untilIdle({ queue, clock, signal: until })]);
  } finally {
    over.abort(new Error("there is nothing left to do"));
    await working;
  }
  signal.throwIfAborted();
}

async function untilIdle({ queue, clock, signal }: Busy): Promise<void> {
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_LOOK_MS)) {
    const all = await queue.status({ signal });
    const counts = all.find(({ queue: name }) => name === DEDUP_QUEUE)?.counts;
    if (counts === undefined || counts.waiting + counts.running + counts.delayed === 0) return;
    await clock.delay(pauseMs, { signal });
  }
}

async function listFailed(queue: JobQueue, options: CallOptions): Promise<readonly BrokenBlob[]> {
  const failed: BrokenBlob[] = [];
  let after: string | undefined;
  do {
    const at = { ...options, ...(after !== undefined && { after }) };
    const page = await queue.list(DEDUP_QUEUE, { ...at, state: "failed", limit: PAGE_JOBS });
    for (const { key, lastError } of page.jobs) {
      failed.push({ digest: key, reason: lastError ?? "it is not known why" });
    }
    after = page.next;
  } while (after !== undefined);
  return failed;
}
