import { describe, expect, it } from "vitest";
import type { Measurement } from "./measure-stream.ts";
import { faultsOf, formatReport, formatResults, type Result } from "./result-table.ts";

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

describe("formatReport", () => {
  const facts = { date: "2026-01-31", machine: "two cores", command: "run.ts", faults: [] };

  it("tells machine, date, command and what was left out before the table", () => {
    const text = formatReport([resultWith({})], { ...facts, leftOut: ["7z", "zopfli"] });
    expect(text).toContain("Measured on 2026-01-31 by `run.ts` on two cores.");
    expect(text).toContain("cannot make them: 7z; zopfli.");
    expect(text).toContain("Against what is promised:\n\n- nothing falls short\n");
    expect(text.endsWith(formatResults([resultWith({})]))).toBe(true);
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
    [{ recipeBytes: 1251 }, "took 25.0 bytes of recipe for each MB"],
    [{ recipeBytes: 751, streamBytes: 30_000_001 }, "took 25.0 bytes of recipe for each MB"],
  ])("finds %o in an encoder with a model", (change, fault) => {
    expect(faultsOf(resultWith(change))).toEqual([`min go-6 ${fault}`]);
  });

  it("lets the recipe be up to 25 bytes for each MB, and more for smaller streams", () => {
    expect(faultsOf(resultWith({ recipeBytes: 1250 }))).toEqual([]);
    expect(faultsOf(resultWith({ recipeBytes: 900, streamBytes: 30_000_000 }))).toEqual([]);
  });

  it("finds more than 200 MB of memory, but for encoders without a model", () => {
    const result = { ...resultWith({}), memoryBytes: 201_000_000 };
    expect(faultsOf(result)).toEqual(["min go-6 took 201 MB of memory"]);
    expect(faultsOf({ ...result, memoryBytes: 200_000_000 })).toEqual([]);
    expect(faultsOf({ ...result, hasModel: false })).toEqual([]);
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
