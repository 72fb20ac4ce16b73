/**
 * A program that tries hostile bytes: `[--trials 100000] [--seed 1] [--processes 1] [--limit 400] [--slowest 30]`.
 *
 * A trial that fails is told at once and the others go on. At the end stand all seeds that failed: one alone is
 * tried again by `--seed SEED --trials 1`. It also fails above the limit of memory, in MB for each process, and
 * when a trial takes longer than so many seconds.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { argv } from "node:process";
import { parseArgs } from "node:util";
import {
  faultsOf,
  formatSummary,
  type FuzzSummary,
  merged,
  runTrials,
  type Trial,
} from "./run-trials.ts";

const MOST_TRIALS_OF_PROCESS = 10_000;

/**
 * Runs the trials, in processes of their own, and sets the exit code.
 *
 * @param file the program's own: each process runs it again
 * @param createTrial called once for each process
 */
export async function runFuzzProgram(file: string, createTrial: () => Trial): Promise<void> {
  const { values } = parseArgs({
    options: {
      trials: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      processes: { type: "string", default: "1" },
      limit: { type: "string", default: "400" },
      slowest: { type: "string", default: "30" },
    },
  });
  const [trials, seed, processes] = [values.trials, values.seed, values.processes].map(Number);
  const range = { seed: seed ?? 1, trials: trials ?? 0 };
  if (process.send !== undefined) {
    process.send(await runTrials(createTrial(), range, tell));
    return;
  }
  const summary = await runShares(file, { ...range, processes: processes ?? 1 });
  process.stdout.write(formatSummary(summary));
  const faults = faultsOf(summary, {
    memoryBytes: Number(values.limit) * 1e6,
    trialMs: Number(values.slowest) * 1000,
  });
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

interface Work {
  readonly seed: number;
  readonly trials: number;
  readonly processes: number;
}

async function runShares(file: string, work: Work): Promise<FuzzSummary> {
  const shares = sharesOf(work);
  const summaries: FuzzSummary[] = [];
  const workThrough = async (): Promise<void> => {
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
      summaries.push(await runShare(file, share));
      tell(`${summaries.length} parts done, ${shares.length} not begun`);
    }
  };
  await Promise.all(Array.from({ length: work.processes }, workThrough));
  return merged(summaries);
}

type Share = readonly [seed: number, trials: number];

/** Seeds that follow one another, for a process each: one that goes on for hours has its memory in pieces. */
function sharesOf({ seed, trials, processes }: Work): Share[] {
  const count = Math.max(processes, Math.ceil(trials / MOST_TRIALS_OF_PROCESS));
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((trials * index) / count);
    return [seed + from, Math.floor((trials * (index + 1)) / count) - from];
  });
}

async function runShare(file: string, [first, count]: Share): Promise<FuzzSummary> {
  const args = ["--seed", String(first), "--trials", String(count)];
  const child = fork(file, args, { execArgv: ["--expose-gc"] });
  const summaries: FuzzSummary[] = [];
  child.on("message", (message) => summaries.push(message as FuzzSummary));
  const [code] = (await once(child, "close")) as [number | null];
  const [summary] = summaries;
  if (code !== 0 || summary === undefined) {
    throw new Error(
      `the process with the seeds from ${first} on ended by itself: ${argv.join(" ")}`,
    );
  }
  return summary;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
