import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FoundThisTurn } from "../../src/registry/found-this-turn.ts";

describe("what is found in a turn of the event loop", () => {
  it("is not looked up again in that turn, and is in the next", async () => {
    const found = new FoundThisTurn<string | undefined>();
    expect(await found.find("a", () => Promise.resolve("one"))).toBe("one");
    expect(found.find("a", () => Promise.resolve("two"))).toBe("one");
    expect(await found.find("b", () => Promise.resolve("other"))).toBe("other");
    await nextTurn();
    expect(await found.find("a", () => Promise.resolve("two"))).toBe("two");
  });

  it("is of no use to a later turn when looking took so long", async () => {
    const found = new FoundThisTurn<string | undefined>();
    const late = found.find("a", async () => {
      await nextTurn();
      return "one";
    });
    await nextTurn();
    await late;
    expect(await found.find("a", () => Promise.resolve("two"))).toBe("two");
  });

  it("is waited for once by all who ask in that turn", async () => {
    const found = new FoundThisTurn<string>();
    const looking = Promise.withResolvers<string>();
    let looks = 0;
    const look = (): Promise<string> => {
      looks += 1;
      return looking.promise;
    };
    const [one, other] = [found.find("a", look), found.find("a", look)];
    await nextTurn();
    const later = found.find("a", () => Promise.resolve("two"));
    looking.resolve("one");
    expect([await one, await other, await later, looks]).toEqual(["one", "one", "two", 1]);
  });

  it("is that there is nothing, or a failure, for that turn alone", async () => {
    const found = new FoundThisTurn<string | undefined>();
    const failing = (): Promise<string> => Promise.reject(new Error("no"));
    expect(await found.find("a", () => Promise.resolve(undefined))).toBe(undefined);
    const [one, other] = [found.find("b", failing), found.find("b", failing)];
    await expect(one).rejects.toThrow("no");
    await expect(other).rejects.toThrow("no");
    await nextTurn();
    expect(await found.find("a", () => Promise.resolve("one"))).toBe("one");
    expect(await found.find("b", () => Promise.resolve("two"))).toBe("two");
  });
});
