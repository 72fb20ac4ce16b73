import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { PerTurn } from "../../src/lib/per-turn.ts";

it("what lives for a turn is the same all through it, and another one in the next", async () => {
  const perTurn = new PerTurn(() => ({}));
  const first = perTurn.current;
  await Promise.resolve();
  expect(perTurn.current).toBe(first);
  await nextTurn();
  expect(perTurn.current).not.toBe(first);
});
