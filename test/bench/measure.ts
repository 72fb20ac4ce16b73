/** Runs rows: all systems in turn, again and again, so that what disturbs one disturbs all. */
import type { Lab } from "./lab.ts";
import { cpuSecondsOf, peakRssOf, resetPeakRss } from "./process-usage.ts";
import type { Row, Sample, Session } from "./row.ts";
import { quantile, spreadOf } from "./statistics.ts";
import type { System } from "./systems.ts";
import type { Figures, Outcome, Result } from "./table.ts";

interface Contender {
  readonly system: System;
  readonly samples: Sample[];
  session?: Session;
  /** Why it is out. */
  reason?: string;
}

export interface MeasureOptions {
  readonly systems: readonly System[];
  readonly runs: number;
  /** Ends the row after what is going on, with no result. */
  readonly signal: AbortSignal;
}

/** Each system has a fresh server; all of them run until the row ends. */
export async function measureRow(
  lab: Lab,
  row: Row,
  { systems, runs, signal }: MeasureOptions,
): Promise<readonly Result[]> {
  await using resources = new AsyncDisposableStack();
  const whyNot = await row.whyNot?.();
  const contenders: Contender[] = systems
    .filter((system) => row.takes(system))
    .map((system) => ({
      system,
      samples: [],
      ...(whyNot === undefined ? {} : { reason: whyNot }),
    }));
  for (const contender of contenders) {
    await unlessOut(contender, signal, async () => {
      contender.session = await row.open({ lab, system: contender.system, resources });
    });
  }
  for (let run = 0; run < Math.min(runs, row.mostRuns ?? runs); run += 1) {
    for (const contender of contenders) {
      await unlessOut(contender, signal, async () => {
        if (contender.session === undefined) return;
        contender.samples.push(await sampleOf(contender.session, run));
      });
    }
  }
  return contenders.map((contender) => ({
    row: row.name,
    system: contender.system.name,
    unit: row.unit,
    outcome: outcomeOf(contender),
  }));
}

/** One failure takes a system out of the row. */
async function unlessOut(
  contender: Contender,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  if (contender.reason !== undefined) return;
  try {
    signal.throwIfAborted();
    await act();
  } catch (error) {
    contender.reason = error instanceof Error ? error.message : String(error);
  }
}

async function sampleOf({ processId, run }: Session, index: number): Promise<Sample> {
  if (processId === undefined) return await run(index);
  await resetPeakRss(processId);
  const beforeSeconds = await cpuSecondsOf(processId);
  const sample = await run(index);
  return {
    cpuSeconds: (await cpuSecondsOf(processId)) - beforeSeconds,
    peakRssBytes: await peakRssOf(processId),
    ...sample,
  };
}

function outcomeOf({ samples, reason }: Contender): Outcome {
  return reason === undefined
    ? { kind: "figures", figures: figuresOf(samples) }
    : { kind: "none", reason };
}

/** CPU time is counted in steps of 10 ms, so that it is added up over all runs. */
export function figuresOf(samples: readonly Sample[]): Figures {
  const p99s = samples.flatMap(({ p99Ms }) => p99Ms ?? []);
  const rss = samples.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
  const work = sum(samples.map((sample) => sample.work ?? 0));
  const cpuSeconds = sum(samples.map((sample) => sample.cpuSeconds ?? 0));
  return {
    value: spreadOf(samples.map(({ value }) => value)),
    p99Ms: p99s.length === 0 ? undefined : quantile(p99s, 0.5),
    cpuSeconds: work === 0 ? undefined : cpuSeconds / work,
    peakRssBytes: rss.length === 0 ? undefined : Math.max(...rss),
    note: samples.at(-1)?.note,
  };
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
