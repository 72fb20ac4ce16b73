import { describe, expect, it } from "vitest";
import { pooledMap } from "../../src/lib/pooled-map.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("pooledMap()", () => {
  it("yields in the order of the items, whatever ends first", async () => {
    const gates = [2, 1, 0].map((turns) => async (): Promise<number> => {
      for (let left = turns; left > 0; left -= 1) await turn();
      return turns;
    });
    expect(await Array.fromAsync(pooledMap(gates, 3, (gate) => gate()))).toEqual([2, 1, 0]);
  });

  it.each([1, 2, 5])("runs at most %d at a time", async (concurrency) => {
    let running = 0;
    let most = 0;
    const work = async (item: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      return item;
    };
    const items = Array.from({ length: 20 }, (_, index) => index);
    expect(await Array.fromAsync(pooledMap(items, concurrency, work))).toEqual(items);
    expect(most).toBe(concurrency);
  });

  it("takes an endless source no further than it is read", async () => {
    let taken = 0;
    async function* numbers(): AsyncGenerator<number> {
      for (;;) yield (taken += 1);
    }
    for await (const item of pooledMap(numbers(), 3, (one) => Promise.resolve(one))) {
      if (item === 5) break;
    }
    expect(taken).toBe(7);
  });

  it("waits for what runs before the first failure leaves it", async () => {
    let isSecondDone = false;
    const work = async (item: number): Promise<void> => {
      if (item === 0) throw new Error("no");
      await turn();
      isSecondDone = true;
    };
    await expect(Array.fromAsync(pooledMap([0, 1], 2, work))).rejects.toThrow("no");
    expect(isSecondDone).toBe(true);
  });

  it("passes the source's failure on", async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error("source");
    }
    await expect(
      Array.fromAsync(pooledMap(broken(), 2, (one) => Promise.resolve(one))),
    ).rejects.toThrow("source");
  });
});
