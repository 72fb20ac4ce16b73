import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PieceCredit } from "../../../src/dedup/threads/piece-credit.ts";
import { PieceOutput } from "../../../src/dedup/threads/piece-output.ts";

describe("PieceCredit", () => {
  it("has room until too much is untaken, and again when some was taken", async () => {
    const credit = new PieceCredit(100);
    credit.begin(0);
    credit.spend(99);
    await credit.room();
    credit.spend(60);
    let hasRoom = false;
    const waiting = credit.room().then(() => (hasRoom = true));
    credit.give(0, 59);
    await setImmediate();
    expect(hasRoom).toBe(false);
    credit.give(0, 1);
    expect(await waiting).toBe(true);
  });

  it("takes no account of a piece before", async () => {
    const credit = new PieceCredit(100);
    credit.begin(0);
    credit.spend(1000);
    credit.begin(1);
    await credit.room();
    credit.spend(100);
    let hasRoom = false;
    const waiting = credit.room().then(() => (hasRoom = true));
    credit.give(0, 1000);
    await setImmediate();
    expect(hasRoom).toBe(false);
    credit.give(1, 1);
    await waiting;
  });
});

describe("PieceOutput", () => {
  it("gives what was put, before and after it was waited for, and tells what was taken", async () => {
    const sizes: number[] = [];
    const output = new PieceOutput();
    output.onTaken = (bytes) => void sizes.push(bytes);
    output.put(Uint8Array.of(1, 2));
    const taken = Array.fromAsync(output);
    await setImmediate();
    output.put(Uint8Array.of(3));
    output.put(Uint8Array.of(4, 5, 6));
    output.end();
    expect(await taken).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)]);
    expect(sizes).toEqual([2, 1, 3]);
  });

  it("throws what it failed with, without what was put before", async () => {
    const output = new PieceOutput();
    const error = new Error("no more");
    output.put(Uint8Array.of(1));
    output.fail(error);
    await expect(Array.fromAsync(output)).rejects.toBe(error);
  });

  it("throws to whoever waits", async () => {
    const output = new PieceOutput();
    const error = new Error("no more");
    const taken = Array.fromAsync(output);
    await setImmediate();
    output.fail(error);
    await expect(taken).rejects.toBe(error);
  });
});
