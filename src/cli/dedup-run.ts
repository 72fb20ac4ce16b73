/** `barge dedup run`: works through what waits to be done, in the foreground. */
import { type DedupWorked, runDedup } from "../app/dedup-tools.ts";
import type { Config } from "../config/config.ts";
import { effectiveDedup } from "../config/dedup.ts";
import { bytesText } from "./bytes-text.ts";
import {
  blobsText,
  configOf,
  type DedupArguments,
  processScreen,
  type Screen,
  watched,
} from "./dedup-surroundings.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";
import { UsageError } from "./usage-error.ts";

export interface DedupRunArguments extends DedupArguments {
  /** Default: what the config says. */
  readonly threads: number | undefined;
  /** Default: what the config says. */
  readonly coldMs: number | undefined;
}

/**
 * @returns 0; 1 when the work at a blob has failed.
 * @throws {ConfigInvalid} {UsageError} {StoreMissing} {StoreInUse} {StorageError} {Interrupted}
 */
export async function run(
  args: DedupRunArguments,
  io: Io,
  screen: Screen = processScreen(),
): Promise<number> {
  const config = await configOf(args, io);
  refuseOff(config);
  if (args.coldMs !== undefined && config.barge.dedup.mode === "index") {
    io.stderr("warning: --cold is of no use while barge.dedup.mode is index: no blob goes cold\n");
  }
  const worked = await watched(io, { screen, done: "read" }, (options) =>
    runDedup(config, { ...args, ...options }),
  );
  if (args.format === "json") printDocument(worked, io);
  else printText(worked, io);
  return worked.failed.length === 0 ? 0 : 1;
}

function refuseOff(config: Config): void {
  const { mode, why } = effectiveDedup(config);
  if (mode !== "off") return;
  throw new UsageError(
    why ?? "barge.dedup.mode is off: there is nothing to do; write index or at-rest in the config",
  );
}

/** The shape that scripts rely on. */
function printDocument({ indexed, cold, kept, failed, savedBytes }: DedupWorked, io: Io): void {
  const reasons = [...kept].map(([reason, blobs]) => ({ reason, blobs }));
  printJson({ indexed, cold, kept: reasons, failed, savedBytes }, io);
}

function printText({ indexed, cold, kept, failed, savedBytes }: DedupWorked, io: Io): void {
  for (const { digest, reason } of failed) io.stdout(`failed: ${digest}: ${reason}\n`);
  const keeping = [...kept.values()].reduce((sum, count) => sum + count, 0);
  const reasons = [...kept].map(([reason, count]) => `${count}: ${reason}`).join("; ");
  const parts = [
    `${blobsText(indexed)} indexed`,
    `${cold} gone cold`,
    keeping === 0 ? "0 kept as they were" : `${keeping} kept as they were (${reasons})`,
    savedBytes < 0 ? `${bytesText(-savedBytes)} more taken` : `${bytesText(savedBytes)} saved`,
  ];
  io.stdout(`${parts.join(", ")}\n`);
}
