/** The end of a server: what runs may finish, what does not is cut, and the store is left in peace. */
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import type { RunningServer } from "./http-server.ts";
import type { RunningEffects } from "./running-effects.ts";

export interface FinishOptions {
  /** For requests; see `http.draintimeout`. */
  readonly timeoutMs: number;
  /** Aborts when requests that still run must end. */
  readonly stopping: AbortController;
  readonly effects: Pick<RunningEffects, "ended">;
  readonly log: Logger;
  readonly clock: Clock;
}

/** How long changes of the store that were cut may take to end: another process may have it afterwards. */
export const EFFECTS_END_MS = 10_000;

/** No request may outlive the time; those that do are cut, and their uploads can be resumed. */
export async function finishRequests(server: RunningServer, options: FinishOptions): Promise<void> {
  const { timeoutMs, stopping, effects, log, clock } = options;
  const drained = new AbortController();
  const isLate = clock.delay(timeoutMs, { signal: drained.signal }).catch(() => undefined);
  await Promise.race([server.drain(), isLate, aborted(stopping.signal)]);
  drained.abort();
  stopping.abort(new ServerStopping());
  await server[Symbol.asyncDispose]();
  const left = await effects.ended({ clock, timeoutMs: EFFECTS_END_MS });
  if (left > 0) log.warn("the store is closed while it is still being changed", { changes: left });
}

/** The reason of whatever is cut short by the end of the server. */
class ServerStopping extends Error {
  readonly kind = "ServerStopping";
  constructor() {
    super("the server is stopping");
  }
}

/** Resolves once the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
