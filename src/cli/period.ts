/** Times as people type them. */
import { parseGoDuration } from "../config/go-duration.ts";
import { UsageError } from "./usage-error.ts";

const MS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["w", 604_800_000],
]);

/** A day, or a moment to the second with its offset from UTC (RFC 3339). */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

export interface MomentOptions {
  /** The flag, for the error. */
  readonly flag: string;
  readonly now: Date;
  /** Where a duration leads to, seen from now. */
  readonly direction: "past" | "future";
}

/**
 * @param text a duration (`30d`, `2w`, `1h30m`) or a moment (`2027-01-31`, `2027-01-31T08:00:00Z`).
 * @throws {UsageError}
 */
export function parseMoment(text: string, { flag, now, direction }: MomentOptions): Date {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) {
    const moment = new Date(now.getTime() + (direction === "past" ? -durationMs : durationMs));
    if (hasFourDigits(moment)) return moment;
  }
  const moment = new Date(MOMENT.test(text) ? text : Number.NaN);
  if (hasFourDigits(moment)) return moment;
  const example = direction === "past" ? "1h" : "30d";
  throw new UsageError(
    `${flag} ${JSON.stringify(text)}: write a duration, as in ${example}, or a moment, as in 2027-01-31T08:00:00Z`,
  );
}

/** Of its year, as RFC 3339 has it; an invalid date has none. */
function hasFourDigits(moment: Date): boolean {
  return moment.getUTCFullYear() >= 0 && moment.getUTCFullYear() <= 9999;
}

/** A bare number is no duration here: nobody means nanoseconds. */
function parseDuration(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)([dw])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (MS_OF_UNIT.get(unit) ?? Number.NaN);
  const durationMs = /[a-zµμ]$/.test(text) ? parseGoDuration(text) : undefined;
  return durationMs === undefined || durationMs < 0 ? undefined : durationMs;
}
