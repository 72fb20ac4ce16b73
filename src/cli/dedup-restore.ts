/** `barge dedup restore`: brings all data back, alone in the store. */
import {
  type DedupRestored,
  type DedupRestorePlan,
  planRestoring,
  restoreConfiguredStore,
} from "../app/dedup-tools.ts";
import type { Config } from "../config/config.ts";
import { effectiveDedup } from "../config/dedup.ts";
import { bytesText } from "./bytes-text.ts";
import {
  blobsText,
  configOf,
  type DedupArguments,
  interruptible,
  processScreen,
  type Screen,
  watched,
} from "./dedup-surroundings.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";

export interface DedupRestoreArguments extends DedupArguments {
  /** Whether what would be done is only told. */
  readonly dryRun: boolean;
}

/**
 * @returns 0; 1 when a blob cannot be made, or when a dry run finds too little free disk.
 * @throws {ConfigInvalid} {StoreMissing} {StoreInUse} {StoreNotLockable} {NoRoomToRestore} {StorageError} {Interrupted}
 */
export async function run(
  args: DedupRestoreArguments,
  io: Io,
  screen: Screen = processScreen(),
): Promise<number> {
  const config = await configOf(args, io);
  if (args.dryRun) return await tellPlan(config, args, io);
  const restored = await watched(io, { screen, done: "made and stored" }, (options) =>
    restoreConfiguredStore(config, options),
  );
  if (args.format === "json") printJson(documentOf(restored), io);
  else printText(restored, io);
  if (restored.isPlain) warnOfMode(config, io);
  return restored.isPlain ? 0 : 1;
}

async function tellPlan(
  config: Config,
  { format }: DedupRestoreArguments,
  io: Io,
): Promise<number> {
  const plan = await interruptible((signal) => planRestoring(config, { signal }));
  if (format === "json") printJson(plannedDocument(plan), io);
  else printPlan(plan, io);
  return plan.absent.length === 0 && plan.missingBytes === 0 ? 0 : 1;
}

/** The shape that scripts rely on. */
function documentOf({ restored, bytes, broken, isPlain }: DedupRestored): object {
  return { dryRun: false, restored, bytes, missingBytes: 0, broken, isPlain };
}

function plannedDocument({ blobs, bytes, missingBytes, absent }: DedupRestorePlan): object {
  const broken = absent.map((digest) => ({ digest, reason: "it was set aside" }));
  return { dryRun: true, restored: blobs, bytes, missingBytes, broken, isPlain: false };
}

function printText({ restored, bytes, broken, isPlain }: DedupRestored, io: Io): void {
  for (const { digest, reason } of broken) io.stdout(`broken: ${digest}: ${reason}\n`);
  io.stdout(`${blobsText(restored)} brought back (${bytesText(bytes)})\n`);
  if (isPlain) {
    io.stdout("recipes and packs are deleted: the store is in the reference registry's layout\n");
    return;
  }
  const what = broken.length === 1 ? "1 blob cannot" : `${broken.length} blobs cannot`;
  const advice =
    "push images that have them, or delete those images and collect garbage; then call this again";
  io.stdout(`${what} be made again, so all recipes and packs stay: ${advice}\n`);
}

function printPlan({ blobs, bytes, missingBytes, absent }: DedupRestorePlan, io: Io): void {
  for (const digest of absent) io.stdout(`broken: ${digest}: it was set aside\n`);
  io.stdout(`would bring back ${blobsText(blobs)} (${bytesText(bytes)})\n`);
  if (missingBytes > 0) {
    io.stdout(`too little free disk: ${bytesText(missingBytes)} more must be free\n`);
  }
  if (absent.length > 0) io.stdout("recipes and packs would stay\n");
  else io.stdout("would then delete all recipes and packs\n");
}

/** Else the next server begins anew. */
function warnOfMode(config: Config, { stderr }: Io): void {
  const { mode } = effectiveDedup(config);
  if (mode === "off") return;
  stderr(`warning: barge.dedup.mode is ${mode}: to keep the store as it is now, write off\n`);
}
