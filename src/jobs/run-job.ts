/** One job from its taking to its end: the handler, and beside it the heartbeat. */
import { errorText } from "../lib/error-text.ts";
import { withTimeLimit } from "../lib/time-limit.ts";
import { cleanText } from "../observability/log-fields.ts";
import { JobStoreUnavailable, LeaseLost, PermanentFailure } from "./errors.ts";
import type { JobContext, JobRunnerOptions } from "./job-handler.ts";
import type { JobOutcome, JobState, TakenJob } from "./job-queue.ts";

const BEATS_PER_LEASE = 3;
/** Of a lease: without a beat for so long the worker gives up, for the others may soon take its job. */
const GIVE_UP_AFTER = 3 / 4;
const SETTLE_ATTEMPTS = 5;
const SETTLE_PAUSE_MS = 1000;

interface Ending {
  readonly outcome: JobOutcome;
  /** What the handler threw. */
  readonly error?: unknown;
}

/**
 * Has a taken job done and settles it. A failure of the handler is the job's and is not thrown.
 * @param stopping aborts the handler, whose job is then given back.
 */
export async function runJob<Payload>(
  taken: TakenJob,
  options: JobRunnerOptions<Payload>,
  stopping: AbortSignal,
): Promise<void> {
  const { clock, onEvent } = options;
  const { queue, key } = taken.lease;
  const { attempt } = taken;
  const startedMs = clock.monotonicMs();
  onEvent({ kind: "started", queue, key, attempt });
  const { outcome, error } = await withHeartbeat(taken, options, stopping);
  const state = await settle(taken, outcome, options);
  const durationMs = clock.monotonicMs() - startedMs;
  if (state === undefined) return;
  if (outcome.kind === "given-back") onEvent({ kind: "given-back", queue, key });
  else if (outcome.kind === "done") onEvent({ kind: "done", queue, key, durationMs });
  else onEvent({ kind: "failed", queue, key, attempt, error, state, durationMs });
}

/** Runs the handler under a signal that also ends with the lease; beats until it has ended. */
async function withHeartbeat<Payload>(
  taken: TakenJob,
  options: JobRunnerOptions<Payload>,
  stopping: AbortSignal,
): Promise<Ending> {
  const ending = new AbortController();
  const ended = new AbortController();
  const stop = (): void => ending.abort(stopping.reason);
  stopping.addEventListener("abort", stop);
  if (stopping.aborted) stop();
  const beating = beatUntil(taken, options, {
    signal: ended.signal,
    giveUp: (reason) => ending.abort(reason),
  });
  try {
    return await attemptJob(taken, options, ending.signal);
  } finally {
    ended.abort();
    stopping.removeEventListener("abort", stop);
    await beating;
  }
}

async function attemptJob<Payload>(
  { lease, payload, attempt, progress }: TakenJob,
  { queue, parse, handle }: JobRunnerOptions<Payload>,
  signal: AbortSignal,
): Promise<Ending> {
  const tell: JobContext["tell"] = (told) => queue.beat(lease, { signal, progress: told });
  try {
    signal.throwIfAborted();
    const parsed = parsePayload(parse, payload);
    await handle({ key: lease.key, payload: parsed, attempt, progress }, { signal, tell });
    return { outcome: { kind: "done" } };
  } catch (error) {
    return { outcome: outcomeOf(error, signal), error };
  }
}

function parsePayload<Payload>(parse: (payload: unknown) => Payload, payload: unknown): Payload {
  try {
    return parse(payload);
  } catch (cause) {
    throw new PermanentFailure(`unusable payload: ${errorText(cause)}`, { cause });
  }
}

/** Whatever a handler throws once it was told to stop is taken for its obedience. */
function outcomeOf(error: unknown, signal: AbortSignal): JobOutcome {
  const isPermanent = error instanceof PermanentFailure;
  if (signal.aborted && !isPermanent) return { kind: "given-back" };
  return { kind: "failed", error: cleanText(errorText(error)), isPermanent };
}

interface Beating {
  readonly signal: AbortSignal;
  readonly giveUp: (reason: LeaseLost) => void;
}

/** Never rejects. Gives up before others may take the job, also when the store cannot be asked. */
async function beatUntil<Payload>(
  { lease }: TakenJob,
  { queue, clock, onEvent }: JobRunnerOptions<Payload>,
  { signal, giveUp }: Beating,
): Promise<void> {
  const pauseMs = queue.leaseMs / BEATS_PER_LEASE;
  const patienceMs = queue.leaseMs * GIVE_UP_AFTER;
  let seenMs = clock.monotonicMs();
  let nextInMs = pauseMs;
  while (await isStillOn(clock.delay(nextInMs, { signal }))) {
    const beganMs = clock.monotonicMs();
    try {
      const timeoutMs = Math.max(0, Math.min(pauseMs / 2, seenMs + patienceMs - beganMs));
      const limit = { clock, timeoutMs, signal };
      await withTimeLimit(limit, (limited) => queue.beat(lease, { signal: limited }));
      seenMs = beganMs;
      nextInMs = pauseMs;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof LeaseLost) return giveUp(error);
      onEvent({ kind: "store-failed", queue: lease.queue, error });
      if (clock.monotonicMs() - seenMs >= patienceMs) return giveUp(new LeaseLost(lease));
      nextInMs = pauseMs / 4;
    }
  }
}

async function isStillOn(delay: Promise<void>): Promise<boolean> {
  try {
    await delay;
    return true;
  } catch {
    return false;
  }
}

/**
 * Also while the runner is stopping. A job that cannot be settled is done again when its lease is over.
 * @returns `undefined` when it was not settled.
 */
async function settle<Payload>(
  { lease }: TakenJob,
  outcome: JobOutcome,
  { queue, clock, onEvent }: JobRunnerOptions<Payload>,
): Promise<JobState | undefined> {
  const { signal } = new AbortController();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await queue.settle(lease, outcome, { signal });
    } catch (error) {
      if (error instanceof LeaseLost) {
        onEvent({ kind: "lease-lost", queue: lease.queue, key: lease.key });
        return undefined;
      }
      if (!(error instanceof JobStoreUnavailable)) throw error;
      onEvent({ kind: "store-failed", queue: lease.queue, error });
      if (attempt === SETTLE_ATTEMPTS) return undefined;
    }
    await clock.delay(SETTLE_PAUSE_MS, { signal });
  }
}
