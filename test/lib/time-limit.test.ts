import { describe, expect, it } from "vitest";
import { TimeLimitExceeded, withTimeLimit } from "../../src/lib/time-limit.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("withTimeLimit()", () => {
  it("aborts the task's signal when the time is up", async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const running = withTimeLimit({ clock, timeoutMs: 50, signal }, never);
    const [outcome] = await Promise.allSettled([running, clock.advance(50)]);
    expect(outcome).toMatchObject({ reason: new TimeLimitExceeded(50) });
  });

  it("passes the caller's own reason on", async () => {
    const stop = new AbortController();
    const reason = new Error("stop");
    const running = withTimeLimit(
      { clock: new FakeClock(), timeoutMs: 50, signal: stop.signal },
      never,
    );
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it("leaves no timer behind when the task ends in time", async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const task = (): Promise<string> => Promise.resolve("done");
    expect(await withTimeLimit({ clock, timeoutMs: 50, signal }, task)).toBe("done");
    expect(clock.delaysMs).toEqual([]);
  });
});
