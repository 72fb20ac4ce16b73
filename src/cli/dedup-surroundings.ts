/** What the verbs at blobs have in common: the config, the end at a signal, and the line of progress. */
import type { WatchBytes } from "../app/dedup-tools.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { systemClock } from "../lib/clock.ts";
import type { Io } from "./io.ts";
import { showProgress } from "./layer-progress.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { Interrupted } from "./terminal.ts";

export interface DedupArguments {
  /** `undefined`: the file that is found, else the built-in defaults. */
  readonly config: string | undefined;
  readonly format: "text" | "json";
}

/** Where a verb shows how far it has come. */
export interface Screen {
  /** Whether a person watches. */
  readonly isTerminal: boolean;
}

export function processScreen(): Screen {
  return { isTerminal: process.stderr.isTTY };
}

/** Tells the warnings of the config. @throws {ConfigInvalid} */
export async function configOf({ config: argument }: DedupArguments, io: Io): Promise<Config> {
  const { environment } = io;
  const path = await locateConfig({ argument, environment });
  const { config, warnings } = await loadConfig({ path, environment });
  for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
  return config;
}

/** Runs a work that may be interrupted. @throws {Interrupted} at SIGINT or SIGTERM, and what the work throws. */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  using stop = stopOnSignals(new Interrupted());
  const { signal } = stop;
  try {
    return await work(signal);
  } catch (error) {
    // Whatever ends because it was told to.
    signal.throwIfAborted();
    throw error;
  }
}

/** As {@link interruptible}, for a work that shows how far it has come. @param done what becomes of the bytes. */
export async function watched<Result>(
  io: Io,
  { screen, done }: { readonly screen: Screen; readonly done: string },
  work: (options: { readonly signal: AbortSignal; readonly watch: WatchBytes }) => Promise<Result>,
): Promise<Result> {
  using shown = new DisposableStack();
  const write = screen.isTerminal ? io.stderr : undefined;
  const watch: WatchBytes = (totalBytes) => {
    const options = { totalBytes, clock: systemClock, done };
    return shown.use(showProgress(write, options)).onProgress;
  };
  return await interruptible((signal) => work({ signal, watch }));
}

/** `1 blob`, `2 blobs`. */
export function blobsText(count: number): string {
  return count === 1 ? "1 blob" : `${count} blobs`;
}
