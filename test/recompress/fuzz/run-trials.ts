import { resourceUsage } from "node:process";
import { inspect } from "node:util";

const TRIALS_BETWEEN_WORDS = 5000;
/** What is garbage says nothing of what a trial takes. */
const TRIALS_BETWEEN_COLLECTIONS = 10;

/**
 * One trial; the seed tells all about it. @returns what was spoilt, and how it ended. Fails when it ended as it may not.
 */
export type Trial = (seed: number) => string | Promise<string>;

/** What came of many trials; goes from process to process. */
export interface FuzzSummary {
  /** How many trials ended so. */
  readonly ends: Readonly<Record<string, number>>;
  readonly failedSeeds: readonly number[];
  readonly slowestSeed: number;
  readonly slowestMs: number;
  /** The most that a process ever took. */
  readonly memoryBytes: number;
  /** Processor time of all of them. */
  readonly cpuMs: number;
}

/** What trials may cost. */
export interface FuzzLimits {
  readonly memoryBytes: number;
  readonly trialMs: number;
}

/** Runs trials with seeds that follow one another; those that fail are told and do not end the run. */
export async function runTrials(
  run: Trial,
  { seed, trials }: { readonly seed: number; readonly trials: number },
  tell: (text: string) => void,
): Promise<FuzzSummary> {
  const ends: Record<string, number> = {};
  const failedSeeds: number[] = [];
  const slowest = { seed, ms: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const startedMs = performance.now();
    const end = await endOf(() => run(seed + trial), tell);
    if (end === "FAILED") failedSeeds.push(seed + trial);
    ends[end] = (ends[end] ?? 0) + 1;
    const ms = performance.now() - startedMs;
    if (ms > slowest.ms) Object.assign(slowest, { seed: seed + trial, ms });
    if (trial % TRIALS_BETWEEN_COLLECTIONS === 0) globalThis.gc?.();
    if ((trial + 1) % TRIALS_BETWEEN_WORDS === 0) tell(`${trial + 1} of ${trials} from ${seed} on`);
  }
  const { maxRSS, userCPUTime, systemCPUTime } = resourceUsage();
  return {
    ends,
    failedSeeds,
    slowestSeed: slowest.seed,
    slowestMs: slowest.ms,
    memoryBytes: maxRSS * 1024,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
  };
}

async function endOf(
  trial: () => string | Promise<string>,
  tell: (text: string) => void,
): Promise<string> {
  try {
    return await trial();
  } catch (error) {
    tell(inspect(error));
    return "FAILED";
  }
}

/** @param summaries at least one */
export function merged(summaries: readonly FuzzSummary[]): FuzzSummary {
  const ends: Record<string, number> = {};
  for (const [end, count] of summaries.flatMap((each) => Object.entries(each.ends))) {
    ends[end] = (ends[end] ?? 0) + count;
  }
  const [slowest] = summaries.toSorted((one, other) => other.slowestMs - one.slowestMs);
  return {
    ends,
    failedSeeds: summaries.flatMap(({ failedSeeds }) => failedSeeds),
    slowestSeed: slowest?.slowestSeed ?? 0,
    slowestMs: slowest?.slowestMs ?? 0,
    memoryBytes: Math.max(...summaries.map(({ memoryBytes }) => memoryBytes)),
    cpuMs: summaries.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}

/** @returns a Markdown table of how trials ended, and what they took. */
export function formatSummary(summary: FuzzSummary): string {
  const { ends, slowestMs, slowestSeed, memoryBytes, cpuMs } = summary;
  const sorted = Object.keys(ends).toSorted((one, other) => (one < other ? -1 : 1));
  const rows = sorted.map((end) => `| ${end} | ${ends[end] ?? 0} |\n`).join("");
  const memory = (memoryBytes / 1e6).toFixed(0);
  return `| end | trials |\n| --- | --- |\n${rows}\nSlowest trial ${slowestMs.toFixed(0)} ms (seed ${slowestSeed}), at most ${memory} MB of memory, ${(cpuMs / 60_000).toFixed(1)} minutes of processor time.\n`;
}

/** @returns what is wrong, one line each. */
export function faultsOf(summary: FuzzSummary, limits: FuzzLimits): readonly string[] {
  const { failedSeeds, slowestMs, slowestSeed, memoryBytes } = summary;
  const faults = [
    [failedSeeds.length > 0, `seeds that failed: ${failedSeeds.join(" ")}`],
    [slowestMs > limits.trialMs, `seed ${slowestSeed} took ${(slowestMs / 1000).toFixed(1)} s`],
    [memoryBytes > limits.memoryBytes, `took ${(memoryBytes / 1e6).toFixed(0)} MB of memory`],
  ] as const;
  return faults.flatMap(([isFault, text]) => (isFault ? [text] : []));
}
