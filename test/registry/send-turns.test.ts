import { setImmediate as round } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SendTurns } from "../../src/registry/send-turns.ts";

/** Takes turns for one answer after the other, and writes down whose turn has come. */
function takeFor(turns: SendTurns, names: string): string[] {
  const come: string[] = [];
  for (const name of names) {
    const turn = turns.take();
    if (turn === undefined) come.push(name);
    else void turn.then(() => come.push(name));
  }
  return come;
}

describe("take()", () => {
  it("gives so many turns in a round and no more, in the order of asking", async () => {
    const come = takeFor(new SendTurns(2), "abcde");
    expect(come.join("")).toBe("ab");
    await round();
    expect(come.join("")).toBe("abcd");
    await round();
    expect(come.join("")).toBe("abcde");
  });

  it("lets nobody pass those who wait", async () => {
    const turns = new SendTurns(2);
    const come = takeFor(turns, "abcd");
    await round();
    expect(turns.take()).toBeInstanceOf(Promise);
    expect(come.join("")).toBe("abcd");
  });

  it("gives turns at once again when a round is over", async () => {
    const turns = new SendTurns(1);
    expect(turns.take()).toBeUndefined();
    await round();
    expect(turns.take()).toBeUndefined();
  });
});
