import { describe, expect, it } from "vitest";
import {
  REFUSALS_OF_ALL,
  REFUSALS_PER_NETWORK,
  RefusalSample,
} from "../../src/observability/refusal-sample.ts";

const AT = new Date("2026-01-02T03:05:05.678Z");

interface Refusals {
  readonly address: string;
  readonly count: number;
  readonly action?: "denied" | "login-failed";
}

/** Sends so many of an address. @returns how many got lines. */
function send(
  sample: RefusalSample,
  { address, count, action = "login-failed" }: Refusals,
): number {
  const all = Array.from({ length: count }, () => sample.takes({ address, action }));
  return all.filter(Boolean).length;
}

function told(sample: RefusalSample): readonly (readonly unknown[])[] {
  return sample.summary(AT).map(({ action, address, repeated }) => [action, address, repeated]);
}

describe("RefusalSample", () => {
  it("takes so many of a network, whatever they are, and tells of the others by what they were", () => {
    const sample = new RefusalSample();
    expect(send(sample, { address: "192.0.2.1", count: REFUSALS_PER_NETWORK - 1 })).toBe(
      REFUSALS_PER_NETWORK - 1,
    );
    expect(send(sample, { address: "192.0.2.1", count: 4, action: "denied" })).toBe(1);
    expect(send(sample, { address: "192.0.2.1", count: 1000 })).toBe(0);
    expect(send(sample, { address: "192.0.2.2", count: 5 })).toBe(5);
    expect(told(sample)).toEqual([
      ["denied", "192.0.2.1", 3],
      ["login-failed", "192.0.2.1", 1000],
    ]);
  });

  it("takes a /64 for one, and names it", () => {
    const sample = new RefusalSample();
    const lines = Array.from({ length: 50 }, (_, host) =>
      send(sample, { address: `2001:db8::${host.toString(16)}`, count: 1 }),
    );
    expect(lines.filter((count) => count === 1)).toHaveLength(REFUSALS_PER_NETWORK);
    expect(told(sample)).toEqual([["login-failed", "2001:db8:0:0::/64", 30]]);
  });

  it("takes so many of all, and tells of them together unless a network had its share", () => {
    const sample = new RefusalSample();
    expect(send(sample, { address: "192.0.2.1", count: 25 })).toBe(REFUSALS_PER_NETWORK);
    const lines = Array.from({ length: 2_000 }, (_, host) =>
      send(sample, { address: `host-${host}`, count: 1 }),
    );
    expect(lines.indexOf(0)).toBe(REFUSALS_OF_ALL - REFUSALS_PER_NETWORK);
    expect(send(sample, { address: "192.0.2.1", count: 2 })).toBe(0);
    expect(send(sample, { address: "host-1", count: 3, action: "denied" })).toBe(0);
    expect(told(sample)).toEqual([
      ["login-failed", "192.0.2.1", 7],
      ["login-failed", "", 2_000 - (REFUSALS_OF_ALL - REFUSALS_PER_NETWORK)],
      ["denied", "", 3],
    ]);
  });

  it("tells of nobody in particular, and of nothing when nothing was left out", () => {
    const sample = new RefusalSample();
    send(sample, { address: "192.0.2.1", count: REFUSALS_PER_NETWORK });
    expect(sample.summary(AT)).toEqual([]);
    send(sample, { address: "192.0.2.1", count: 1 });
    expect(sample.summary(AT)).toEqual([
      {
        at: AT,
        actor: "",
        identity: "anonymous",
        address: "192.0.2.1",
        action: "login-failed",
        requestId: "",
        outcome: "refused",
        repeated: 1,
      },
    ]);
  });
});
