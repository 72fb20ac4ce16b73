import { describe, expect, it } from "vitest";
import { Slots } from "../../src/lib/slots.ts";

const CALM = new AbortController().signal;

describe("Slots", () => {
  it("gives a freed slot to whoever waits longest", async () => {
    const slots = new Slots(1);
    const order: string[] = [];
    const first = await slots.take(CALM);
    const waiting = ["second", "third"].map(async (name) => {
      using _slot = await slots.take(CALM);
      order.push(name);
    });
    expect(order).toEqual([]);
    first[Symbol.dispose]();
    await Promise.all(waiting);
    expect(order).toEqual(["second", "third"]);
  });

  it("whoever gives up waiting takes no slot", async () => {
    const slots = new Slots(1);
    const stop = new AbortController();
    const first = await slots.take(CALM);
    const givingUp = slots.take(stop.signal);
    stop.abort("enough");
    await expect(givingUp).rejects.toBe("enough");
    first[Symbol.dispose]();
    using _second = await slots.take(CALM);
    await expect(slots.take(AbortSignal.abort("late"))).rejects.toBe("late");
  });
});
