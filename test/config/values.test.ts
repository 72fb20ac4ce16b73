import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseGoDuration } from "../../src/config/go-duration.ts";
import { editDistance, nearest } from "../../src/config/nearest.ts";
import { parseSize } from "../../src/config/size.ts";

describe("parseGoDuration()", () => {
  test.for([
    ["300ms", 300],
    ["1.5h", 5_400_000],
    ["2h45m", 9_900_000],
    ["1h0m0.5s", 3_600_500],
    [".5s", 500],
    ["1.s", 1000],
    ["-1m", -60_000],
    ["+1m", 60_000],
    ["0", 0],
    ["1000000", 1],
    ["1µs", 0.001],
    ["1us", 0.001],
    ["1000000ns", 1],
    ["", undefined],
    ["1", 0.000001],
    ["1d", undefined],
    ["1.5", undefined],
    ["s", undefined],
    [".s", undefined],
    ["1h 2m", undefined],
    ["1 h", undefined],
    ["--1h", undefined],
    ["1H", undefined],
  ] as const)("%s is %s ms", ([text, ms]) => {
    const parsed = parseGoDuration(text);
    if (ms === undefined) expect(parsed).toBeUndefined();
    else expect(parsed).toBeCloseTo(ms, 9);
  });
});

describe("parseSize()", () => {
  test.for([
    ["0", 0],
    ["10485760", 10_485_760],
    ["10MiB", 10_485_760],
    ["10 MB", 10_000_000],
    ["1.5kib", 1536],
    ["1G", 1_000_000_000],
    ["2TiB", 2_199_023_255_552],
    ["", undefined],
    ["MiB", undefined],
    ["1.5", undefined],
    ["-1", undefined],
    ["10Mib/s", undefined],
    ["99999999999TiB", undefined],
  ] as const)("%s is %s bytes", ([text, bytes]) => {
    expect(parseSize(text)).toBe(bytes);
  });
});

describe("nearest()", () => {
  const keys = ["level", "formatter", "fields", "hooks"];
  test.for([
    ["levle", "level"],
    ["Level", "level"],
    ["field", "fields"],
    ["formater", "formatter"],
    ["colour", undefined],
    ["", undefined],
  ] as const)("to %s is %s", ([word, meant]) => {
    expect(nearest(word, keys)).toBe(meant);
  });
});

describe("editDistance()", () => {
  test.for([
    ["", "", 0],
    ["a", "", 1],
    ["ab", "ba", 1],
    ["kitten", "sitting", 3],
  ] as const)("from %j to %j is %i", ([from, to, distance]) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  test("is 0 for the same, the same both ways, and never above the longer length", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (from, to) => {
        expect(editDistance(from, from)).toBe(0);
        expect(editDistance(from, to)).toBe(editDistance(to, from));
        expect(editDistance(from, to)).toBeLessThanOrEqual(Math.max(from.length, to.length));
      }),
    );
  });
});
