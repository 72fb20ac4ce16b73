/** Durations as the Go programs of this field write them. Grammar: https://pkg.go.dev/time#ParseDuration */
const DURATION = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

const MS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["μs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/**
 * @param text `300ms`, `1.5h`, `2h45m`, `0`; a number without a unit is nanoseconds.
 * @returns milliseconds, with a fraction where the duration has one; `undefined` when it is not a duration.
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^[-+]?\d+$/.test(text)) return nanosecondsToMs(Number(text));
  const [, sign, parts] = DURATION.exec(text) ?? [];
  if (parts === undefined) return undefined;
  let sumMs = 0;
  for (const [, amount, unit] of parts.matchAll(PART)) {
    sumMs += Number(amount) * (MS_OF_UNIT.get(unit ?? "") ?? 0);
  }
  return sign === "-" ? -sumMs : sumMs;
}

/** Milliseconds of a duration that was written as a bare number. */
export function nanosecondsToMs(nanoseconds: number): number {
  return nanoseconds / 1e6;
}
