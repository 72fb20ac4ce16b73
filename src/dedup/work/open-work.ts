import type { JobQueue } from "../../jobs/job-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import type { DaySpan } from "../../lib/day-spans.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Digest } from "../../oci/digest.ts";
import type { StorageDriver } from "../../storage/storage-driver.ts";
import { Converter } from "../convert/converter.ts";
import { Healing } from "../convert/healing.ts";
import type { Workshop } from "../workshop.ts";
import { DedupJobs, type DedupJobsDeps } from "./dedup-jobs.ts";
import { findWork } from "./find-work.ts";

export interface WorkOptions extends Pick<DedupJobsDeps, "onConversion" | "onProgress"> {
  readonly workshop: Workshop;
  readonly queue: JobQueue;
  readonly driver: StorageDriver;
  readonly mode: "off" | "index" | "at-rest";
  readonly coldMs: number;
  /** Blobs at a time. */
  readonly threads: number;
  readonly hours: readonly DaySpan[];
  /** Uses that are not in the workshop's notes yet, in ms of the day's clock. */
  readonly usedAtMs: (digest: Digest) => number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The work at the blobs of a store. */
export interface Work {
  readonly jobs: DedupJobs;
  /** Blobs for which there is something to do at this moment. */
  readonly found: (signal: AbortSignal) => AsyncIterable<Digest>;
}

export function openWork(options: WorkOptions): Work {
  const { workshop, driver, mode, clock, log, threads } = options;
  const { recipes, packs, index, notes, room, idlePool: pool, idleMaker: maker } = workshop;
  const healing = new Healing({ driver, recipes, index, maker, log });
  const shop = { driver, recipes, packs, index, notes, room, pool, maker, healing };
  const converter = new Converter({
    ...shop,
    coldMs: options.coldMs,
    usedAtMs: (digest) => options.usedAtMs(digest) ?? notes.usedAtMs(digest),
    nowMs: () => clock.now().getTime(),
    log,
  });
  const atRest = mode === "at-rest";
  return {
    jobs: new DedupJobs({
      ...options,
      converter,
      renewIndex: (calling) => index.beginAnew(calling),
      atRest,
      concurrency: threads,
    }),
    found: (signal) => findWork({ driver, recipes, notes, converter, atRest, signal }),
  };
}
