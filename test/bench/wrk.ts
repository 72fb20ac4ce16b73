import type { Sample } from "./row.ts";

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/**
 * Reads what `wrk --latency` prints.
 * @throws {Error} when any of its requests failed, or when the output is of another shape.
 */
export function parseWrk(output: string): Sample {
  const failed = /^\s*(Socket errors: .*|Non-2xx or 3xx responses: .*)$/m.exec(output)?.[1];
  if (failed !== undefined) throw new Error(failed);
  const rate = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(output)?.[1]);
  const requests = Number(/^\s+(\d+) requests in /m.exec(output)?.[1]);
  const [, time, unit = ""] = /^\s+99%\s+([\d.]+)(us|ms|s|m)$/m.exec(output) ?? [];
  const p99Ms = Number(time) * (MS_PER_UNIT[unit] ?? Number.NaN);
  if ([rate, requests, p99Ms].some(Number.isNaN)) throw new Error(`unknown output: ${output}`);
  return { value: rate, work: requests / 1000, p99Ms };
}
