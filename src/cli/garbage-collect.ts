/** `barge garbage-collect`: deletes what no manifest needs, alone in the store. */
import { collectConfiguredStore, type StoreCollected } from "../app/store-tools.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import type { Io } from "./io.ts";
import { stopOnSignals } from "./stop-on-signals.ts";

export interface GarbageCollectArguments {
  /** `undefined`: the file that is found, else the built-in defaults. */
  readonly config: string | undefined;
  readonly dryRun: boolean;
  /** Whether manifests go that no tag reaches. */
  readonly deleteUntagged: boolean;
  /** Whether only failures and warnings are told. */
  readonly quiet: boolean;
}

const EXIT_INTERRUPTED = 130;

/**
 * @returns 0 when done, 130 when it was interrupted: then what is left is whole.
 * @throws {ConfigInvalid}; {StoreInUse} {StoreNotLockable} {StoreMissing} {MarkFailed} {NotAlone}, and nothing was deleted; {SweepFailed}.
 */
export async function run(args: GarbageCollectArguments, io: Io): Promise<number> {
  const { environment } = io;
  const path = await locateConfig({ argument: args.config, environment });
  const { config, warnings } = await loadConfig({ path, environment });
  for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
  using stop = stopOnSignals();
  try {
    const collected = await collectConfiguredStore(config, {
      deleteUntagged: args.deleteUntagged,
      dryRun: args.dryRun,
      signal: stop.signal,
      output: outputTo(io, args),
    });
    if (!args.quiet) io.stderr(summaryOf(collected, args));
    return 0;
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    io.stderr("barge: interrupted\n");
    return EXIT_INTERRUPTED;
  }
}

type Output = Parameters<typeof collectConfiguredStore>[1]["output"];

function outputTo({ stdout, stderr }: Io, { quiet }: GarbageCollectArguments): Output {
  const silent = (): void => undefined;
  return {
    line: quiet ? silent : (text) => stdout(`${text}\n`),
    deleting: quiet ? silent : (text) => stderr(`${text}\n`),
    warning: (text) => stderr(`warning: ${text}\n`),
  };
}

function summaryOf(
  { blobs, bytes, manifests, layerLinks, packs }: StoreCollected,
  { dryRun }: GarbageCollectArguments,
): string {
  const what = dryRun ? "would delete" : "deleted";
  const rest = `${blobs} blobs (${bytes} bytes), ${manifests} manifests, ${layerLinks} layer links`;
  const { deleted, rewritten, freedBytes } = packs;
  if (deleted + rewritten === 0) return `${what} ${rest}\n`;
  return `${what} ${rest}, ${deleted + rewritten} packs (${freedBytes} bytes)\n`;
}
