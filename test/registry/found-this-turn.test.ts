import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FoundThisTurn } from "../../src/registry/found-this-turn.ts";

describe("what is found in a turn of the event loop", () => {
  it("is not looked up again in that turn, and is in the next", async () => {
    const found = new FoundThisTurn<string>();
    expect(await found.find("a", () => Promise.resolve("one"))).toBe("one");
    expect(found.find("a", () => Promise.resolve("two"))).toBe("one");
    expect(await found.find("b", () => Promise.resolve("other"))).toBe("other");
    await nextTurn();
    expect(await found.find("a", () => Promise.resolve("two"))).toBe("two");
  });

  it("is of no use to a later turn when looking took so long", async () => {
    const found = new FoundThisTurn<string>();
    const late = found.find("a", async () => {
      await nextTurn();
      return "one";
    });
    await nextTurn();
    await late;
    expect(await found.find("a", () => Promise.resolve("two"))).toBe("two");
  });

  it("is nothing where there was nothing, or looking failed", async () => {
    const found = new FoundThisTurn<string>();
    expect(await found.find("a", () => Promise.resolve(undefined))).toBe(undefined);
    await expect(found.find("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await found.find("a", () => Promise.resolve("one"))).toBe("one");
  });
});
