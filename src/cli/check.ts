/** `barge check`: looks for what is damaged in a store, and changes nothing. */
import { checkConfiguredStore, type StoreCounts, type StoreReport } from "../app/store-tools.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";

export interface CheckArguments {
  /** `undefined`: the file that is found, else the built-in defaults. */
  readonly config: string | undefined;
  /** Whether all data is read and hashed. */
  readonly deep: boolean;
  readonly format: "text" | "json";
}

interface Screen {
  /** Whether a person watches: then progress is shown. */
  readonly isTerminal: boolean;
}

const PROGRESS_EVERY_MS = 1000;

/**
 * @returns 0 when all is as it should be, notes or not; 1 when something is not.
 * @throws {ConfigInvalid} {StoreMissing} {StorageError}
 */
export async function run(
  args: CheckArguments,
  io: Io,
  { isTerminal }: Screen = { isTerminal: process.stderr.isTTY },
): Promise<number> {
  const { environment } = io;
  const path = await locateConfig({ argument: args.config, environment });
  const { config, warnings } = await loadConfig({ path, environment });
  for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
  const report = await checkConfiguredStore(config, {
    deep: args.deep,
    signal: new AbortController().signal,
    onProgress: isTerminal ? progressTo(io) : undefined,
  });
  if (args.format === "json") printDocument(report, io);
  else printText(report, io);
  return report.violations.length === 0 ? 0 : 1;
}

/** A line each second, not one for each of a million blobs. */
function progressTo({ stderr }: Io): (checked: StoreCounts) => void {
  let shownMs = performance.now();
  return (checked) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = nowMs;
    stderr(`looked at ${summaryOf(checked)} so far\n`);
  };
}

/** The shape that scripts rely on. */
function printDocument({ violations, notes, checked }: StoreReport, io: Io): void {
  const document = {
    violations: violations.map(({ kind, where, detail, maybeInProgress }) => {
      return { kind, where, detail, maybeInProgress };
    }),
    notes: notes.map(({ kind, where, detail }) => ({ kind, where, detail })),
    checked,
  };
  printJson(document, io);
}

function printText({ violations, notes, checked }: StoreReport, { stdout }: Io): void {
  for (const { kind, where, detail, maybeInProgress } of violations) {
    const doubt = maybeInProgress === true ? " (may be in progress)" : "";
    stdout(`${kind}: ${where}: ${detail}${doubt}\n`);
  }
  for (const { kind, where, detail } of notes) stdout(`note: ${kind}: ${where}: ${detail}\n`);
  stdout(`looked at ${summaryOf(checked)}: ${verdictOf(violations.length)}\n`);
}

function summaryOf({ repositories, manifests, tags, blobs, bytes }: StoreCounts): string {
  return `${repositories} repositories, ${manifests} manifests, ${tags} tags, ${blobs} blobs (${bytes} bytes)`;
}

function verdictOf(violations: number): string {
  if (violations === 0) return "all is as it should be";
  return violations === 1 ? "1 violation" : `${violations} violations`;
}
