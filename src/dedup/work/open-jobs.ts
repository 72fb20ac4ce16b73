import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openEmbeddedJobQueue } from "../../jobs/embedded/embedded-job-queue.ts";
import { setJobStoreAside } from "../../jobs/embedded/set-job-store-aside.ts";
import { JobStoreCorrupt } from "../../jobs/errors.ts";
import type { JobQueue } from "../../jobs/job-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observability/logger.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";

export interface OpenJobsOptions extends CallOptions {
  /** Made if it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The queue of a state directory. A file that is damaged is set aside: what is to be done is found again.
 * @throws {JobStoreTooNew} {JobStoreUnavailable}
 */
export async function openJobs(options: OpenJobsOptions): Promise<JobQueue> {
  const { directory, clock, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "jobs.sqlite");
  try {
    return await open(path, options);
  } catch (error) {
    if (!(error instanceof JobStoreCorrupt)) throw error;
    const aside = await setJobStoreAside(path, clock.now());
    log.error("the queue of jobs is damaged and begun anew", { "file.path": aside, err: error });
    return await open(path, options);
  }
}

async function open(path: string, { clock, log, signal }: OpenJobsOptions): Promise<JobQueue> {
  return await openEmbeddedJobQueue({
    path,
    clock,
    signal,
    onExpired: ({ key, state }) =>
      log.warn("whoever worked at a blob is gone", { digest: key, "job.state": state }),
  });
}
