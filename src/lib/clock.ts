/** Time as a parameter, so that tests move it themselves. */
export interface Clock {
  now(): Date;
  /** From an arbitrary start; never goes back, whatever is done to the date. Counts on while the process is stopped, but maybe not while its machine is. */
  monotonicMs(): number;
  /** Resolves after `delayMs` (0 or more; beyond 24 days it is cut). Keeps the process alive. @throws the signal's reason once it aborts. */
  delay(delayMs: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  delay: (delayMs, { signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
        Math.min(delayMs, LONGEST_DELAY_MS),
      );
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};
