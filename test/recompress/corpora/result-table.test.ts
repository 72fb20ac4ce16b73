import { describe, expect, it } from "vitest";
import type { Measurement } from "./measure-stream.ts";
import { faultsOf, formatResults, type Result } from "./result-table.ts";

const MEASUREMENT: Measurement = {
  streamBytes: 50_000_000,
  plainBytes: 130_000_000,
  encoder: "Go 6",
  framing: "one member",
  corrections: 0,
  recipeBytes: 500,
  analyseMs: 5000,
  rebuildMs: 2600,
  isRebuilt: true,
  restarts: 4,
  restartsThatHeld: 4,
};

describe("formatResults", () => {
  it("tells bytes per MB of stream and MB/s of tar", () => {
    const [, , row] = formatResults([resultWith({})]).split("\n");
    expect(row).toBe(
      "| min | go-6 | Go 6, one member | 130.0 | 50.0 | yes | 0 | 500 | 10.0 | 26.0 | 50.0 | 4/4 | 90 |",
    );
  });

  it("tells why a stream is raw, and no speed of a rebuild that never was", () => {
    const [, , row] = formatResults([
      resultWith({ because: "it is odd", recipeBytes: 0, rebuildMs: 0, isRebuilt: false }),
    ]).split("\n");
    expect(row).toBe(
      "| min | go-6 | it is odd | 130.0 | 50.0 | raw | 0 | 0 | 0.0 | 26.0 | - | 4/4 | 90 |",
    );
  });
});

describe("faultsOf", () => {
  it("finds none in an exact stream without corrections", () => {
    expect(faultsOf(resultWith({}))).toEqual([]);
  });

  it.each([
    [{ because: "it is odd", isRebuilt: false }, "is raw, because it is odd"],
    [{ isRebuilt: false }, "was not rebuilt bit for bit"],
    [{ corrections: 2 }, "needed 2 corrections"],
    [{ restartsThatHeld: 3 }, "has 1 restarts that do not hold"],
  ])("finds %o in an encoder with a model", (change, fault) => {
    expect(faultsOf(resultWith(change))).toEqual([`min go-6 ${fault}`]);
  });

  it("lets an encoder without a model be raw, or cost corrections", () => {
    const result = { ...resultWith({ because: "it is odd", isRebuilt: false }), hasModel: false };
    expect(faultsOf(result)).toEqual([]);
    expect(faultsOf({ ...resultWith({ corrections: 2 }), hasModel: false })).toEqual([]);
  });

  it("never lets an encoder without a model be rebuilt wrongly", () => {
    const result = { ...resultWith({ isRebuilt: false }), hasModel: false };
    expect(faultsOf(result)).toHaveLength(1);
  });
});

function resultWith(change: Partial<Measurement>): Result {
  const measurement = { ...MEASUREMENT, ...change };
  return { layer: "min", stream: "go-6", hasModel: true, measurement, memoryBytes: 90_000_000 };
}
