/** Times of day. What time it is now, in which zone, the caller says. */

/** A span that comes back every day, to the minute. */
export interface DaySpan {
  /** First minute of the day that belongs to it, 0 to 1439. */
  readonly startMinute: number;
  /** First minute that does not, 1 to 1440. Less than `startMinute` where the span crosses midnight; never equal to it. */
  readonly endMinute: number;
}

export const MINUTES_OF_DAY = 1440;

/** The whole day. */
export const ALWAYS: readonly DaySpan[] = [{ startMinute: 0, endMinute: MINUTES_OF_DAY }];

/**
 * Whether the minute lies in one of the spans; in no spans no minute lies.
 * @param minuteOfDay 0 to 1439.
 */
export function isWithin(spans: readonly DaySpan[], minuteOfDay: number): boolean {
  return spans.some(({ startMinute, endMinute }) => {
    const isStarted = minuteOfDay >= startMinute;
    const isNotOver = minuteOfDay < endMinute;
    return startMinute < endMinute ? isStarted && isNotOver : isStarted || isNotOver;
  });
}

/**
 * Minutes from the beginning of `minuteOfDay` (0 to 1439) to the next one that lies in a span: 0 when it lies in
 * one itself, `undefined` when there are no spans. A clock that is put forward or back meanwhile makes it wrong:
 * look at the clock again after the wait.
 */
export function minutesUntilOpen(
  spans: readonly DaySpan[],
  minuteOfDay: number,
): number | undefined {
  return isWithin(spans, minuteOfDay) ? 0 : minutesUntilChange(spans, minuteOfDay);
}

/**
 * Minutes, at least 1, from the beginning of `minuteOfDay` (0 to 1439) to the next one for which {@link isWithin}
 * says something else; `undefined` when it says the same all day. Spans that touch or overlap are one.
 */
export function minutesUntilChange(
  spans: readonly DaySpan[],
  minuteOfDay: number,
): number | undefined {
  const isIn = isWithin(spans, minuteOfDay);
  const changes = spans
    .flatMap(({ startMinute, endMinute }) => [startMinute, endMinute % MINUTES_OF_DAY])
    .filter((minute) => isWithin(spans, minute) !== isIn)
    .map((minute) => (minute - minuteOfDay + MINUTES_OF_DAY) % MINUTES_OF_DAY);
  return changes.length === 0 ? undefined : Math.min(...changes);
}
