import { describe, expect, it } from "vitest";
import { LeaseWatch } from "../../src/jobs/lease-watch.ts";

const LEASE_MS = 30_000;

function tokensOf(watch: LeaseWatch, nowMs: number, ...beats: readonly number[]): string[] {
  const leases = beats.map((beat, index) => ({ token: `t${index}`, beat }));
  return watch.look(leases, nowMs).map(({ token }) => token);
}

describe("LeaseWatch", () => {
  it("look() tells a lease whose beat stood still for its time, and no sooner", () => {
    const watch = new LeaseWatch(LEASE_MS);
    for (let nowMs = 5000; nowMs < 35_000; nowMs += 1000) {
      expect(tokensOf(watch, nowMs, 4)).toEqual([]);
    }
    expect(tokensOf(watch, 35_000, 4)).toEqual(["t0"]);
  });

  it("look() begins anew with each beat", () => {
    const watch = new LeaseWatch(LEASE_MS);
    for (let nowMs = 0; nowMs <= 300_000; nowMs += 10_000) {
      const beat = Math.floor(nowMs / 20_000);
      expect(tokensOf(watch, nowMs, beat, -1)).toEqual(nowMs >= 30_000 ? ["t1"] : []);
    }
  });

  it("look() begins anew with a lease that was away", () => {
    const watch = new LeaseWatch(LEASE_MS);
    tokensOf(watch, 0, 1);
    tokensOf(watch, 15_000);
    tokensOf(watch, 29_000, 1);
    expect(tokensOf(watch, 40_000, 1)).toEqual([]);
  });

  it("look() after a long stop gives half a lease to show life", () => {
    const watch = new LeaseWatch(LEASE_MS);
    tokensOf(watch, 0, 1, 1);
    expect(tokensOf(watch, 3_600_000, 1, 1)).toEqual([]);
    expect(tokensOf(watch, 3_614_000, 1, 2)).toEqual([]);
    expect(tokensOf(watch, 3_616_000, 1, 2)).toEqual(["t0"]);
  });
});
