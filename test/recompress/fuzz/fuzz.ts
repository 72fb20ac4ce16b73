/**
 * `node test/recompress/fuzz/fuzz.ts [--trials 100000] [--seed 1] [--processes 1] [--limit 400] [--slowest 30]`:
 * spoils streams, recipes and plain bytes, and looks that nothing worse comes of it than "raw", a refusal, or
 * bytes that the digest shows to be wrong.
 *
 * A trial that fails is told at once and the others go on. At the end stand all seeds that failed: one alone is
 * tried again by `--seed SEED --trials 1`. It also fails above the limit of memory, in MB for each process, and
 * when a trial takes longer than so many seconds.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { faultsOf, formatSummary, type FuzzSummary, merged, runTrials } from "./run-trials.ts";
import { fuzzSamples } from "./samples.ts";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: "1" },
    limit: { type: "string", default: "400" },
    slowest: { type: "string", default: "30" },
  },
});
const MOST_TRIALS_OF_PROCESS = 10_000;
const trials = Number(values.trials);
const seed = Number(values.seed);
const processes = Number(values.processes);

if (process.send === undefined) await main();
else process.send(runTrials(fuzzSamples(), { seed, trials }, tell));

async function main(): Promise<void> {
  const shares = sharesOfAll();
  const summaries: FuzzSummary[] = [];
  const workThrough = async (): Promise<void> => {
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
      summaries.push(await runShare(share));
      tell(`${summaries.length} parts done, ${shares.length} not begun`);
    }
  };
  await Promise.all(Array.from({ length: processes }, workThrough));
  const summary = merged(summaries);
  process.stdout.write(formatSummary(summary));
  const faults = faultsOf(summary, {
    memoryBytes: Number(values.limit) * 1e6,
    trialMs: Number(values.slowest) * 1000,
  });
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Seeds that follow one another, for a process each: one that goes on for hours has its memory in pieces. */
function sharesOfAll(): (readonly [seed: number, trials: number])[] {
  const count = Math.max(processes, Math.ceil(trials / MOST_TRIALS_OF_PROCESS));
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((trials * index) / count);
    return [seed + from, Math.floor((trials * (index + 1)) / count) - from];
  });
}

async function runShare([first, count]: readonly [number, number]): Promise<FuzzSummary> {
  const args = ["--seed", String(first), "--trials", String(count)];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ["--expose-gc"] });
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
