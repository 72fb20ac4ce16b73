import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ALWAYS,
  type DaySpan,
  isWithin,
  minutesUntilChange,
  minutesUntilOpen,
} from "../../src/lib/day-spans.ts";

const at = (hour: number, minute = 0): number => hour * 60 + minute;
const span = (startMinute: number, endMinute: number): DaySpan => ({ startMinute, endMinute });

const NIGHT = [span(at(22), at(6))];
const LUNCH = span(at(12), at(13));

describe("isWithin()", () => {
  it.each([
    ["the first minute of a span", [LUNCH], at(12), true],
    ["its last minute", [LUNCH], at(12, 59), true],
    ["the minute at which it ends", [LUNCH], at(13), false],
    ["the minute before it", [LUNCH], at(11, 59), false],
    ["the evening of a span across midnight", NIGHT, at(22), true],
    ["midnight in it", NIGHT, 0, true],
    ["its last minute in the morning", NIGHT, at(5, 59), true],
    ["the minute at which it ends in the morning", NIGHT, at(6), false],
    ["the day between", NIGHT, at(12), false],
    ["the last minute of the day, in a span to 24:00", [span(at(22), 1440)], 1439, true],
    ["midnight, after a span to 24:00", [span(at(22), 1440)], 0, false],
    ["the second of two spans", [...NIGHT, LUNCH], at(12, 30), true],
    ["any minute, always", ALWAYS, at(3), true],
    ["any minute, in no spans", [], at(3), false],
  ] as const)("%s", (...[, spans, minute, wanted]) => {
    expect(isWithin(spans, minute)).toBe(wanted);
  });
});

describe("minutesUntilOpen() and minutesUntilChange()", () => {
  it.each([
    ["within a span", [LUNCH], at(12, 10), 0, 50],
    ["before it", [LUNCH], at(11), 60, 60],
    ["as it ends, to the next day's", [LUNCH], at(13), 23 * 60, 23 * 60],
    ["in the evening of one across midnight", NIGHT, at(23), 0, 7 * 60],
    ["in the morning of it", NIGHT, at(5, 59), 0, 1],
    ["between two", [...NIGHT, LUNCH], at(14), 8 * 60, 8 * 60],
    ["in two that touch", [LUNCH, span(at(13), at(15))], at(12), 0, 180],
    ["in two that touch at midnight", [span(at(22), 1440), span(0, at(2))], at(23), 0, 180],
    ["in two that together are always", [span(at(6), at(22)), ...NIGHT], at(3), 0, undefined],
    ["always", ALWAYS, at(3), 0, undefined],
    ["in no spans", [], at(3), undefined, undefined],
  ] as const)("%s", (...[, spans, minute, untilOpen, untilChange]) => {
    expect(minutesUntilOpen(spans, minute)).toBe(untilOpen);
    expect(minutesUntilChange(spans, minute)).toBe(untilChange);
  });

  it("is what looking at each minute finds", () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const anySpan = fc
      .record({ startMinute: minute, endMinute: fc.integer({ min: 1, max: 1440 }) })
      .filter(({ startMinute, endMinute }) => startMinute !== endMinute);
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 4 }), minute, (spans, now) => {
        const nextWith = (isIn: boolean, first: number): number | undefined => {
          for (let wait = first; wait < 1440; wait += 1) {
            if (isWithin(spans, (now + wait) % 1440) === isIn) return wait;
          }
          return undefined;
        };
        expect(minutesUntilOpen(spans, now)).toBe(nextWith(true, 0));
        expect(minutesUntilChange(spans, now)).toBe(nextWith(!isWithin(spans, now), 1));
      }),
    );
  });
});
