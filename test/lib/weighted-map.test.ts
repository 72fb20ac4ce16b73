import { describe, expect, it } from "vitest";
import { WeightedMap } from "../../src/lib/weighted-map.ts";

function openMap(): WeightedMap<string, { readonly weight: number }> {
  return new WeightedMap({ maxWeight: 10, maxEntryWeight: 6, weigh: ({ weight }) => weight });
}

function weights(map: WeightedMap<string, { readonly weight: number }>): string {
  return ["a", "b", "c"].map((key) => `${key}${map.get(key)?.weight ?? "-"}`).join(" ");
}

describe("a weighted map", () => {
  it("gives up what was asked for longest ago", () => {
    const map = openMap();
    map.set("a", { weight: 4 });
    map.set("b", { weight: 4 });
    map.get("a");
    map.set("c", { weight: 4 });
    expect(weights(map)).toBe("a4 b- c4");
  });

  it("gives up as many as it takes", () => {
    const map = openMap();
    map.set("a", { weight: 5 });
    map.set("b", { weight: 5 });
    map.set("c", { weight: 6 });
    expect(weights(map)).toBe("a- b- c6");
  });

  it("counts a value once that takes another's place", () => {
    const map = openMap();
    for (let round = 0; round < 5; round += 1) map.set("a", { weight: 5 });
    map.set("b", { weight: 5 });
    expect(weights(map)).toBe("a5 b5 c-");
  });

  it("has room again for what was deleted", () => {
    const map = openMap();
    map.set("a", { weight: 5 });
    map.set("b", { weight: 5 });
    map.delete("a");
    map.delete("a");
    map.set("c", { weight: 5 });
    expect(weights(map)).toBe("a- b5 c5");
  });

  it("does not keep what is too heavy, nor what stood in its place", () => {
    const map = openMap();
    map.set("a", { weight: 1 });
    map.set("b", { weight: 1 });
    map.set("a", { weight: 7 });
    expect(weights(map)).toBe("a- b1 c-");
  });
});
