/** `barge dedup verify`: makes every cold blob again, and tells those that cannot be made. */
import { type DedupVerified, verifyDedup } from "../app/dedup-tools.ts";
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

export interface DedupVerifyArguments extends DedupArguments {
  /** Whether what is broken is only told. */
  readonly dryRun: boolean;
}

/**
 * @returns 0; 1 when a blob is broken, or was before.
 * @throws {ConfigInvalid} {StoreMissing} {StoreInUse} {StorageError} {Interrupted}
 */
export async function run(
  args: DedupVerifyArguments,
  io: Io,
  screen: Screen = processScreen(),
): Promise<number> {
  const config = await configOf(args, io);
  const { dryRun } = args;
  const found = await watched(io, { screen, done: "made and compared" }, (options) =>
    verifyDedup(config, { ...options, dryRun }),
  );
  if (args.format === "json") printDocument(found, io);
  else printText(found, io);
  return found.broken.length + found.quarantined.length === 0 ? 0 : 1;
}

/** The shape that scripts rely on. */
function printDocument({ verified, broken, quarantined, bytes }: DedupVerified, io: Io): void {
  printJson({ verified, broken, quarantined, bytes }, io);
}

function printText({ verified, broken, quarantined, bytes }: DedupVerified, io: Io): void {
  for (const { digest, reason } of broken) io.stdout(`broken: ${digest}: ${reason}\n`);
  for (const digest of quarantined) io.stdout(`set aside before: ${digest}\n`);
  const lost = broken.length + quarantined.length;
  const verdict = lost === 0 ? "all can" : `${lost} cannot: push images that have them again`;
  io.stdout(
    `${blobsText(verified)} (${bytesText(bytes)}) of the cold ones can be made again: ${verdict}\n`,
  );
}
