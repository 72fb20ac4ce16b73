import { describe, expect, it } from "vitest";
import type { VersionAtRest } from "./measure.ts";
import { faultsOf, formatAtRest, formatBeside, type MeasuredVersions } from "./result-table.ts";
import type { Versions } from "./versions.ts";

const OF: Versions = {
  name: "app",
  layers: ["a", "b", "c"],
  most: { twoVersions: 0.5, third: 0.1 },
};

describe("faultsOf", () => {
  it("finds nothing where all is as promised", () => {
    expect(faultsOf(measuredWith([8, 9, 9.5]))).toEqual([]);
  });

  it("tells of a first version that takes more than its blob", () => {
    expect(faultsOf(measuredWith([10.5, 10.6, 10.6]))).toContain(
      "app: the first alone: 105.0 % instead of 100.0 %",
    );
  });

  it("tells of two versions, and of a third, that take more than promised", () => {
    expect(faultsOf(measuredWith([8, 11, 13]))).toEqual([
      "app: two versions: 55.0 % instead of 50.0 %",
      "app: what a third adds: 20.0 % instead of 10.0 %",
    ]);
  });

  it("tells by whom it is beaten after two versions", () => {
    const beside = [{ name: "bup split", takenBytes: [7_000_000, 8_000_000, 99_000_000] }];
    expect(faultsOf({ ...measuredWith([8, 9, 9]), beside })).toEqual([
      "app: two versions take more than by bup split",
    ]);
  });

  it("tells of data that was kept", () => {
    const { atRest, ...rest } = measuredWith([8, 9, 9]);
    const versions = (atRest[0]?.versions ?? []).map((one) => ({ ...one, became: "it is odd" }));
    const [fault] = faultsOf({ ...rest, atRest: [{ compression: "zstd", versions }] });
    expect(fault).toBe("app: version 1 (zstd) kept its data: it is odd");
  });
});

describe("the tables", () => {
  it("have shares of all blobs so far, and of each that was added", () => {
    const [, , row] = formatAtRest([measuredWith([8, 9, 9.5])]).split("\n");
    expect(row).toBe(
      "| app | gzip | 10.00 + 10.00 + 10.00 | 80.0 % | 9.00 | 300 | 200 | 90 | 45.0 % | 50.0 % | 10.0 % | 5.0 % | 10.0 % |",
    );
  });

  it("have what each version came to elsewhere", () => {
    const beside = [{ name: "bup split", takenBytes: [1_000_000, 2_000_000, 3_000_000] }];
    const rows = formatBeside([{ ...measuredWith([8, 9, 9.5]), beside }]).split("\n");
    expect(rows.slice(2, 5)).toEqual([
      "| a | 8.00 | 1.00 |",
      "| b | 9.00 | 2.00 |",
      "| c | 9.50 | 3.00 |",
    ]);
  });
});

/** @param megabytes what the store takes after each version of 10 MB. */
function measuredWith(megabytes: readonly number[]): MeasuredVersions {
  const versions = megabytes.map((size): VersionAtRest => {
    const rest = { recipeBytes: 300_000, indexBytes: 200_000, noteBytes: 90_000, dataBytes: 0 };
    const taken = { ...rest, packBytes: size * 1_000_000 - 500_000 };
    return { blobBytes: 10_000_000, taken, became: "cold" };
  });
  return { of: OF, atRest: [{ compression: "gzip", versions }], beside: [] };
}
