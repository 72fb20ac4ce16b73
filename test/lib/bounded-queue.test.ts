import { expect, it } from "vitest";
import { BoundedQueue } from "../../src/lib/bounded-queue.ts";

it("BoundedQueue keeps the order and drops the oldest beyond its capacity", () => {
  const queue = new BoundedQueue<string>(2);
  expect(queue.push("a")).toBe(false);
  expect(queue.push("b")).toBe(false);
  expect(queue.push("c")).toBe(true);
  expect(queue.length).toBe(2);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(["b", "c", undefined]);
});
