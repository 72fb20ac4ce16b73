import { expect, it } from "vitest";
import { once } from "../../src/lib/once.ts";

it("what is made is made once, also for those who ask meanwhile", async () => {
  let calls = 0;
  const get = once(async () => ({ call: (calls += 1) }));
  const [first, second] = await Promise.all([get(), get()]);
  expect([first, second, await get()]).toEqual([{ call: 1 }, { call: 1 }, { call: 1 }]);
  expect(first).toBe(second);
});

it("what could not be made is tried again", async () => {
  let calls = 0;
  const get = once(() => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error("no")) : Promise.resolve(calls);
  });
  await expect(get()).rejects.toThrow("no");
  expect(await get()).toBe(2);
});
