/** The verbs at blobs that are kept as recipes and chunks. */
import { type Command, InvalidArgumentError } from "commander";
import { parseGoDuration } from "../config/go-duration.ts";
import { type AddVerb, type Flags, format, formatOption, text } from "./verb.ts";

const MOST_THREADS = 64;

const STATUS_HELP = `
With --format json: {blobs: {raw, indexed, cold, quarantined}, bytes: {gzip, raw, packs, recipes, index},
backlog: {blobs, bytes}, kept: [{reason, blobs, bytes}]}. gzip is what all blobs have when they are whole, raw is
data that lies there now.`;

const RUN_HELP = `
It works now: barge.dedup.hours do not count. A server may run beside it and work at the same blobs.
With --format json: {indexed, cold, kept: [{reason, blobs}], failed: [{digest, reason}], savedBytes}.
Exits with 1 when the work at a blob has failed.`;

const VERIFY_HELP = `
Blobs that cannot be made are set aside, so that a push brings them back, unless the store is read-only.
With --format json: {verified, broken: [{digest, reason}], quarantined: [digest], bytes}; quarantined are those
that had been set aside before. Exits with 1 when there are any of either.`;

const RESTORE_HELP = `
The server must be stopped or read-only. When it is cut short, call it again. Where a blob cannot be made, recipes
and packs stay, and it exits with 1.
With --format json: {dryRun, restored, bytes, missingBytes, broken: [{digest, reason}], isPlain}; isPlain says that the
directory is again what the reference registry would have written.`;

export function addDedupVerbs(program: Command, verb: AddVerb): void {
  const dedup = program
    .command("dedup")
    .description("blobs that are kept as recipes and chunks: storage at rest");
  addStatus(dedup, verb);
  addRun(dedup, verb);
  addVerify(dedup, verb);
  addRestore(dedup, verb);
}

function addStatus(dedup: Command, verb: AddVerb): void {
  const command = dedup
    .command("status")
    .description("say how blobs are kept, and what that saves; changes nothing")
    .argument("[config]", "config file")
    .addOption(formatOption())
    .addHelpText("after", STATUS_HELP);
  verb(command, async (args, flags, io) => {
    const { run } = await import("./dedup-status.ts");
    return await run(placeOf(args, flags), io);
  });
}

function addRun(dedup: Command, verb: AddVerb): void {
  const command = dedup
    .command("run")
    .description("do what waits to be done: recipes, and chunks of cold blobs")
    .argument("[config]", "config file")
    .option("--threads <number>", "blobs at a time (default: barge.dedup.threads)", threadsOf)
    .option("--cold <duration>", "unused since when is cold (default: barge.dedup.cold)", coldOf)
    .addOption(formatOption())
    .addHelpText("after", RUN_HELP);
  verb(command, async (args, flags, io) => {
    const { run } = await import("./dedup-run.ts");
    const { threads, cold } = flags;
    return await run(
      {
        ...placeOf(args, flags),
        threads: typeof threads === "number" ? threads : undefined,
        coldMs: typeof cold === "number" ? cold : undefined,
      },
      io,
    );
  });
}

function addVerify(dedup: Command, verb: AddVerb): void {
  const command = dedup
    .command("verify")
    .description("make every cold blob again and compare digests; also beside a running server")
    .argument("[config]", "config file")
    .option("-d, --dry-run", "only say what is broken; set nothing aside", false)
    .addOption(formatOption())
    .addHelpText("after", VERIFY_HELP);
  verb(command, async (args, flags, io) => {
    const { run } = await import("./dedup-verify.ts");
    return await run({ ...placeOf(args, flags), dryRun: flags["dryRun"] === true }, io);
  });
}

function addRestore(dedup: Command, verb: AddVerb): void {
  const command = dedup
    .command("restore")
    .description("bring all data back, and delete recipes and packs")
    .argument("[config]", "config file")
    .option("-d, --dry-run", "only say what would be done", false)
    .addOption(formatOption())
    .addHelpText("after", RESTORE_HELP);
  verb(command, async (args, flags, io) => {
    const { run } = await import("./dedup-restore.ts");
    return await run({ ...placeOf(args, flags), dryRun: flags["dryRun"] === true }, io);
  });
}

interface Place {
  readonly config: string | undefined;
  readonly format: "text" | "json";
}

function placeOf([file]: readonly string[], flags: Flags): Place {
  return { config: file ?? text(flags, "config"), format: format(flags) };
}

function threadsOf(word: string): number {
  const threads = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_THREADS}.`);
}

/** A bare number is no duration here: nobody means nanoseconds. */
function coldOf(word: string): number {
  const durationMs = /[a-zµμ]$/.test(word) ? parseGoDuration(word) : undefined;
  if (durationMs !== undefined && durationMs >= 0) return durationMs;
  throw new InvalidArgumentError("It must be a duration, such as 0s, 30m or 24h.");
}
