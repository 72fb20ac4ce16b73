import type { Lab } from "./lab.ts";
import type { System } from "./systems.ts";
import type { Unit } from "./table.ts";

/** What is measured of every system that takes part. */
export interface Row {
  readonly name: string;
  /** Rows that are asked for together. */
  readonly group?: string;
  readonly unit: Unit;
  /** Where runs are long; the command line cannot have more. */
  readonly mostRuns?: number;
  readonly takes: (system: System) => boolean;
  /** Why the row cannot be had on this machine; `undefined` where it can. */
  readonly whyNot?: () => Promise<string | undefined>;
  /** Starts the system and checks that it answers with the right bytes. */
  readonly open: (subject: Subject) => Promise<Session>;
}

export interface Subject {
  readonly lab: Lab;
  readonly system: System;
  /** End when the row does. */
  readonly resources: AsyncDisposableStack;
}

/** A system that is ready to be measured. */
export interface Session {
  /** The process whose CPU and memory count; `undefined` where runs tell them. */
  readonly processId?: number;
  /** One run. @throws {Error} when any request fails. */
  readonly run: (run: number) => Promise<Sample>;
}

/** What one run found. */
export interface Sample {
  readonly value: number;
  /** GB (10^9 bytes) or thousands of requests: what CPU seconds are counted per. */
  readonly work?: number;
  readonly p99Ms?: number;
  readonly cpuSeconds?: number;
  readonly peakRssBytes?: number;
  readonly note?: string;
}

/** One that anybody may read from. */
export function isRegistry({ kind, account }: System): boolean {
  return kind === "registry" && account === undefined;
}

export function sendsFiles({ kind, account }: System): boolean {
  return kind !== "limit" && account === undefined;
}
