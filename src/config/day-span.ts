import { type DaySpan, MINUTES_OF_DAY } from "../lib/day-spans.ts";

const SPAN = /^(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)$/;

/**
 * @param text `22:00-06:00`; the end may be 24:00, and 00:00 means the same.
 * @returns `undefined` when it is not a span of time. One that ends when it starts is left to the caller: it
 * could mean the whole day or none of it.
 */
export function parseDaySpan(text: string): DaySpan | undefined {
  const [, ...numbers] = SPAN.exec(text) ?? [];
  const [startHour = NaN, startRest = NaN, endHour = NaN, endRest = NaN] = numbers.map(Number);
  const startMinute = startHour * 60 + startRest;
  const endMinute = endHour * 60 + endRest;
  if (!(startMinute < MINUTES_OF_DAY && endMinute <= MINUTES_OF_DAY)) return undefined;
  const isMidnight = endMinute === 0 && startMinute > 0;
  return { startMinute, endMinute: isMidnight ? MINUTES_OF_DAY : endMinute };
}
