import { expect, it } from "vitest";
import { parseMoment } from "../../src/cli/period.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

const now = new Date("2026-03-10T12:00:00Z");

it.each([
  ["1h", "past", "2026-03-10T11:00:00.000Z"],
  ["1h30m", "past", "2026-03-10T10:30:00.000Z"],
  ["30d", "future", "2026-04-09T12:00:00.000Z"],
  ["0.5d", "future", "2026-03-11T00:00:00.000Z"],
  ["2w", "past", "2026-02-24T12:00:00.000Z"],
  ["2026-01-31", "past", "2026-01-31T00:00:00.000Z"],
  ["2026-01-31T08:00:00+02:00", "past", "2026-01-31T06:00:00.000Z"],
] as const)("parseMoment(%j) in the %s is %s", (text, direction, wanted) => {
  expect(parseMoment(text, { flag: "--x", now, direction }).toISOString()).toBe(wanted);
});

it.each([
  "",
  "30",
  "-1h",
  "1",
  "soon",
  "2026",
  "2026-13-01",
  "99999999999w",
  "1y",
  "2026-01-31T08",
])("parseMoment(%j) is a mistake that names the flag", (text) => {
  const parse = (): Date => parseMoment(text, { flag: "--since", now, direction: "past" });
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(/^--since/);
});
