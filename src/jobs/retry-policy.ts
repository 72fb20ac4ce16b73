/** How often a job is tried, and how long it pauses in between. */
export interface RetryPolicy {
  /** 1 or more; the last one that fails is the end. */
  readonly maxAttempts: number;
  /** After the first failure; doubles with each further one. */
  readonly firstDelayMs: number;
  /** No pause is longer. */
  readonly maxDelayMs: number;
}

/** Eight attempts within some ten minutes: enough for a restart of something that is needed. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 8,
  firstDelayMs: 2000,
  maxDelayMs: 600_000,
};

/**
 * The pause after a failed attempt: between the half and the whole of what the policy says, so that jobs
 * that failed together do not come back together.
 * @param attempt 1 for the first.
 * @param random from 0 up to, but not including, 1.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const wholeMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.round((wholeMs / 2) * (1 + random));
}
