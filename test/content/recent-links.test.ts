import { beforeEach, describe, expect, it } from "vitest";
import { RECENT_MS, RecentLinks } from "../../src/content/recent-links.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const DIGEST = digestOf(Buffer.from("a"));

describe("recent links", () => {
  let clock: FakeClock;
  let links: RecentLinks;
  let reads: number;
  const there = (): Promise<typeof DIGEST> => {
    reads += 1;
    return Promise.resolve(DIGEST);
  };
  const gone = (): Promise<undefined> => Promise.resolve(undefined);
  beforeEach(() => {
    clock = new FakeClock();
    links = new RecentLinks({ clock });
    reads = 0;
  });

  it("count as there for five seconds after they were asked for, and no longer", async () => {
    expect(RECENT_MS).toBe(5_000);
    await links.read("a", there);
    await clock.advance(RECENT_MS - 1);
    expect([await links.read("a", gone), reads]).toEqual([DIGEST, 1]);
    await clock.advance(1);
    expect(await links.read("a", gone)).toBe(undefined);
  });

  it("are as old as the question, not as the answer", async () => {
    await links.read("a", async () => {
      await clock.advance(RECENT_MS);
      return DIGEST;
    });
    expect(await links.read("a", gone)).toBe(undefined);
  });

  it("are never remembered as absent", async () => {
    await links.read("a", gone);
    expect(await links.read("a", there)).toBe(DIGEST);
  });

  it("are forgotten at once", async () => {
    await links.read("a", there);
    links.forget("a");
    expect(await links.read("a", gone)).toBe(undefined);
  });

  it("are not remembered by a reading that one was forgotten during", async () => {
    await links.read("a", async () => {
      links.forget("a");
      return DIGEST;
    });
    expect(await links.read("a", gone)).toBe(undefined);
  });
});
