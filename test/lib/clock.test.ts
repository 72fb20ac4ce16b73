import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";

describe("systemClock", () => {
  it("delay() resolves after its time", async () => {
    const { signal } = new AbortController();
    await expect(systemClock.delay(1, { signal })).resolves.toBeUndefined();
  });

  it("delay() rejects with the signal's own reason when it aborts meanwhile", async () => {
    const stop = new AbortController();
    const reason = new Error("stop");
    const delay = systemClock.delay(3_600_000, { signal: stop.signal });
    stop.abort(reason);
    await expect(delay).rejects.toBe(reason);
  });

  it("delay() rejects at once under a signal that has aborted before", async () => {
    const reason = new Error("stop");
    await expect(systemClock.delay(0, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("delay() beyond what a timer can hold does not fire at once", async () => {
    const stop = new AbortController();
    const long = systemClock.delay(2 ** 40, { signal: stop.signal }).then(() => "fired");
    await systemClock.delay(5, { signal: stop.signal });
    stop.abort(new Error("still waiting"));
    await expect(long).rejects.toThrow("still waiting");
  });
});
