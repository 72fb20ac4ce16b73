import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createHealth, type Health, type HealthCheck } from "../../src/observability/health.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const INTERVAL_MS = 10_000;

describe("Health", () => {
  it("counts a check as well until its first run, after one interval", async () => {
    const { clock, health, check } = start({ isBad: true, threshold: 1 });
    await clock.advance(INTERVAL_MS - 1);
    expect(check.runs).toBe(0);
    expect(health.failures()).toEqual({});
    await clock.advance(1);
    expect(check.runs).toBe(1);
    expect(health.failures()).toEqual({ "a check": "it broke" });
  });

  it("calls a check bad only after as many failures in a row as its threshold", async () => {
    const { clock, health, check } = start({ isBad: true, threshold: 3 });
    await clock.advance(2 * INTERVAL_MS);
    expect(health.failures()).toEqual({});
    check.isBad = false;
    await clock.advance(INTERVAL_MS);
    check.isBad = true;
    await clock.advance(2 * INTERVAL_MS);
    expect(health.failures()).toEqual({});
    await clock.advance(INTERVAL_MS);
    expect(health.failures()).toEqual({ "a check": "it broke" });
  });

  it("takes a threshold of 0 as 1", async () => {
    const { clock, health } = start({ isBad: true, threshold: 0 });
    await clock.advance(INTERVAL_MS);
    expect(health.failures()).toEqual({ "a check": "it broke" });
  });

  it("says nothing of a check that is well with a threshold of 0", async () => {
    const { clock, log } = start({ isBad: false, threshold: 0 });
    await clock.advance(INTERVAL_MS);
    expect(log.lines).toEqual([]);
  });

  it("is well again after one good run", async () => {
    const { clock, health, check } = start({ isBad: true, threshold: 2 });
    await clock.advance(5 * INTERVAL_MS);
    check.isBad = false;
    expect(health.failures()).toEqual({ "a check": "it broke" });
    await clock.advance(INTERVAL_MS);
    expect(health.failures()).toEqual({});
  });

  it("logs a change once, not each run", async () => {
    const { clock, log, check } = start({ isBad: true, threshold: 1 });
    await clock.advance(5 * INTERVAL_MS);
    check.isBad = false;
    await clock.advance(5 * INTERVAL_MS);
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ["error", "health check failed"],
      ["info", "health check is well again"],
    ]);
  });

  it("keeps secrets out of what is wrong", async () => {
    const { clock, health, check } = start({ isBad: true, threshold: 1 });
    check.message = "redis://u:c4n4ry@h/ is away";
    await clock.advance(INTERVAL_MS);
    expect(health.failures()).toEqual({ "a check": "redis://h/ is away" });
  });

  it("runs nothing any more once disposed, and aborts what is running", async () => {
    const clock = new FakeClock();
    const log = new RecordingLogger();
    let aborted = false;
    const hanging: HealthCheck = {
      name: "hanging",
      intervalMs: INTERVAL_MS,
      threshold: 1,
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            reject(signal.reason);
          });
        }),
    };
    const check = new SwitchedCheck({ isBad: true, threshold: 1 });
    const health = createHealth({ checks: [hanging, check], log, clock });
    health.start();
    await clock.advance(INTERVAL_MS);
    health[Symbol.dispose]();
    await clock.advance(5 * INTERVAL_MS);
    await setImmediate();
    expect([aborted, check.runs, clock.delaysMs]).toEqual([true, 1, []]);
    expect(Object.keys(health.failures())).toEqual(["a check"]);
  });

  it("start() twice runs each check once an interval", async () => {
    const { clock, health, check } = start({ isBad: false, threshold: 1 });
    health.start();
    await clock.advance(INTERVAL_MS);
    expect(check.runs).toBe(1);
  });
});

class SwitchedCheck implements HealthCheck {
  readonly name = "a check";
  readonly intervalMs = INTERVAL_MS;
  readonly threshold: number;
  isBad: boolean;
  message = "it broke";
  runs = 0;

  constructor({ isBad, threshold }: { isBad: boolean; threshold: number }) {
    this.isBad = isBad;
    this.threshold = threshold;
  }

  run(): Promise<void> {
    this.runs += 1;
    return this.isBad ? Promise.reject(new Error(this.message)) : Promise.resolve();
  }
}

function start(options: { isBad: boolean; threshold: number }): {
  clock: FakeClock;
  log: RecordingLogger;
  check: SwitchedCheck;
  health: Health;
} {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const check = new SwitchedCheck(options);
  const health = createHealth({ checks: [check], log, clock });
  health.start();
  return { clock, log, check, health };
}
