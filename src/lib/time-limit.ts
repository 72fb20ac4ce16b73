import type { Clock } from "./clock.ts";

/** A task was given up because it took longer than it may. */
export class TimeLimitExceeded extends Error {
  readonly kind = "TimeLimitExceeded";
  readonly timeoutMs: number;
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

export interface TimeLimitOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a task under a signal that aborts when the caller's does or when the time is up. The task must
 * heed its signal; whatever it rejects with is passed on.
 * @throws {TimeLimitExceeded} through the task, as the reason of its signal.
 */
export async function withTimeLimit<Result>(
  { clock, timeoutMs, signal }: TimeLimitOptions,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const expiry = new AbortController();
  const finished = new AbortController();
  const timer = clock.delay(timeoutMs, { signal: finished.signal }).then(
    () => expiry.abort(new TimeLimitExceeded(timeoutMs)),
    () => undefined, // finished in time
  );
  try {
    return await task(AbortSignal.any([signal, expiry.signal]));
  } finally {
    finished.abort();
    await timer;
  }
}
