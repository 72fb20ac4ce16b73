/** What `barge.dedup` asks for, as it is carried out in one process. */
import { availableParallelism } from "node:os";
import type { Config } from "../config/config.ts";
import { dedupThreads, effectiveDedup } from "../config/dedup.ts";
import { Dedup } from "../dedup/dedup.ts";
import type { EventBus } from "../events/bus.ts";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import { algorithmOf } from "../oci/digest.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { entryUrl } from "./entries.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** More make a single blob no faster: the joining of their pieces is one thread's work. */
const MOST_MAKING_THREADS = 4;

export interface AtRestParts {
  readonly driver: StorageDriver;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/** Opens no file and starts no thread before it has to. */
export function createDedup(config: Config, { driver, log, stopping }: AtRestParts): Dedup {
  const { dedup } = config.barge;
  const { mode, why } = effectiveDedup(config);
  if (why !== undefined && !dedup.isNamed) log.info(why);
  const cores = availableParallelism();
  return new Dedup({
    driver,
    mode,
    stateDirectory: stateDirectoryOf(config),
    coldMs: dedup.coldMs,
    threads: dedupThreads(dedup, cores),
    makingThreads: Math.min(MOST_MAKING_THREADS, cores),
    hours: dedup.hours,
    diskFloorBytes: dedup.diskFloorBytes,
    threadUrl: entryUrl("dedup-thread"),
    mayWrite: !config.storage.readOnly,
    log,
    clock: systemClock,
    stopping,
  });
}

/** From now on pushed blobs are worked at. */
export function hearPushes(events: EventBus, dedup: Pick<Dedup, "pushed">): void {
  events.subscribe(
    (event) => {
      if (event.kind !== "blob" || event.action !== "push") return;
      const { digest } = event.target;
      // What is known by another name is found by the search.
      if (algorithmOf(digest) === "sha256") dedup.pushed(digest);
    },
    { pulls: false },
  );
}
