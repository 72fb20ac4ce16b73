import {
  type DaySpan,
  isWithin,
  minutesUntilChange,
  minutesUntilOpen,
} from "../../lib/day-spans.ts";
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/error-text.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { PermanentFailure } from "../../jobs/errors.ts";
import type { JobEvent } from "../../jobs/job-event.ts";
import type { JobContext } from "../../jobs/job-handler.ts";
import type { JobQueue } from "../../jobs/job-queue.ts";
import { JobRunner } from "../../jobs/job-runner.ts";
import type { Logger } from "../../observability/logger.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import { type Conversion, type Converter, DiskFull, isLasting } from "../convert/converter.ts";
import { isIndexDamaged } from "../threads/index-damage.ts";

/** The queue; its keys are digests. */
export const DEDUP_QUEUE = "dedup";
const MINUTE_MS = 60_000;
const LONGEST_REST_MINUTES = 60;

export interface DedupJobsDeps {
  readonly queue: JobQueue;
  readonly converter: Converter;
  /** Begins the index of chunks anew, which was found damaged. */
  readonly renewIndex: (options: CallOptions) => Promise<void>;
  /** Whether cold blobs give up their data. */
  readonly atRest: boolean;
  /** Blobs at a time. */
  readonly concurrency: number;
  readonly hours: readonly DaySpan[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each blob that was worked at. Must not throw. */
  readonly onConversion?: (digest: Digest, conversion: Conversion) => void;
  /** Told bytes of blobs that were read since it was told last. */
  readonly onProgress?: (bytes: number) => void;
}

/** Does what the queue asks for, within its hours. */
export class DedupJobs {
  readonly #deps: DedupJobsDeps;
  readonly #runner: JobRunner<Digest>;

  constructor(deps: DedupJobsDeps) {
    this.#deps = deps;
    const { queue, clock, concurrency } = deps;
    this.#runner = new JobRunner<Digest>({
      queue,
      clock,
      name: DEDUP_QUEUE,
      concurrency,
      parse: (payload) => parsePayload(payload),
      handle: ({ payload }, context) => this.#convert(payload, context),
      onEvent: (event) => this.#tell(event),
    });
  }

  /** Works until the signal aborts; what is begun then is given back. Outside of its hours it rests. */
  async run({ signal }: CallOptions): Promise<void> {
    const { clock, hours } = this.#deps;
    for (;;) {
      await untilOpen(hours, clock, signal);
      if (signal.aborted) return;
      await this.#runWhileOpen(signal);
    }
  }

  async #runWhileOpen(signal: AbortSignal): Promise<void> {
    const { clock, hours } = this.#deps;
    const over = new AbortController();
    const closed = new AbortController();
    const watching = untilClosed(hours, clock, AbortSignal.any([signal, over.signal])).then(() =>
      closed.abort(new Error("these are not the hours for it")),
    );
    try {
      await this.#runner.run({ signal: AbortSignal.any([signal, closed.signal]) });
    } catch (error) {
      if (!closed.signal.aborted) throw error;
    } finally {
      over.abort();
      await watching;
    }
  }

  async #convert(digest: Digest, { signal }: JobContext): Promise<void> {
    try {
      await this.#takeSteps(digest, signal);
    } catch (error) {
      if (isIndexDamaged(error)) await this.#deps.renewIndex({ signal });
      if (isLasting(error)) throw new PermanentFailure(errorText(error), { cause: error });
      if (!(error instanceof DiskFull)) throw error;
      // However long that lasts: the next search finds the blob again.
      this.#deps.log.warn("a cold blob keeps its data", { digest, err: error });
    }
  }

  async #takeSteps(digest: Digest, signal: AbortSignal): Promise<void> {
    const { converter, atRest, onConversion, onProgress = () => undefined } = this.#deps;
    const options = { signal, onProgress };
    const indexed = await converter.index(digest, options);
    if (indexed.kind === "indexed" || !atRest) onConversion?.(digest, indexed);
    if (atRest) onConversion?.(digest, await converter.cool(digest, options));
  }

  #tell(event: JobEvent): void {
    const { log } = this.#deps;
    if (event.kind === "failed") {
      const fields = { digest: event.key, attempt: event.attempt, err: event.error };
      if (event.state === "failed") log.error("a blob could not be converted", fields);
      else log.warn("a blob could not be converted; it is tried again", fields);
    } else if (event.kind === "store-failed") {
      log.warn("the job queue cannot be reached", { err: event.error });
    } else if (event.kind === "done") {
      log.debug("a blob was looked after", { digest: event.key, "duration.ms": event.durationMs });
    }
  }
}

/** Asks for work at these blobs. Those that wait already wait on. @returns how many did not. */
export async function addDedupJobs(
  queue: JobQueue,
  digests: Iterable<Digest> | AsyncIterable<Digest>,
  options: CallOptions,
): Promise<number> {
  return (await queue.add(DEDUP_QUEUE, jobsFor(digests), options)).added;
}

async function* jobsFor(
  digests: Iterable<Digest> | AsyncIterable<Digest>,
): AsyncGenerator<{ readonly key: string; readonly payload: string }, void, undefined> {
  for await (const digest of digests) yield { key: digest, payload: digest };
}

function parsePayload(payload: unknown): Digest {
  if (typeof payload === "string" && isDigest(payload)) return payload;
  throw new TypeError("not the digest of a blob");
}

/** Resolves, too, when the signal aborts. The clock may be put forward or back: it is looked at again and again. */
async function untilOpen(
  hours: readonly DaySpan[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const minutes = minutesUntilOpen(hours, minuteOf(clock.now())) ?? LONGEST_REST_MINUTES;
    if (minutes === 0 || signal.aborted) return;
    await rest(minutes, clock, signal);
  }
}

/** Resolves, too, when the signal aborts. */
async function untilClosed(
  hours: readonly DaySpan[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const minute = minuteOf(clock.now());
    if (!isWithin(hours, minute) || signal.aborted) return;
    await rest(minutesUntilChange(hours, minute) ?? LONGEST_REST_MINUTES, clock, signal);
  }
}

/** By the machine's own time zone, as an operator means it. */
function minuteOf(moment: Date): number {
  return moment.getHours() * 60 + moment.getMinutes();
}

async function rest(minutes: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const delayMs = Math.min(minutes, LONGEST_REST_MINUTES) * MINUTE_MS;
  await clock.delay(delayMs, { signal }).catch(() => undefined);
}
