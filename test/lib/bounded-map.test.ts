import { expect, it } from "vitest";
import { BoundedMap } from "../../src/lib/bounded-map.ts";

it("a bounded map gives up what was set longest ago", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4]);
});

it("a bounded map has room again for what was deleted", () => {
  const map = new BoundedMap<string, number>(2);
  for (const key of ["a", "b"]) map.set(key, 1);
  map.delete("b");
  map.set("c", 1);
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([1, undefined, 1]);
});
