/**
 * Deletes what no recipe needs of the packs; no other process may write to the store meanwhile.
 *
 * A chunk is needed while a recipe names it, one in quarantine too, or a frame leans on it that has such a chunk. A pack
 * of which nothing is needed goes. One of which less than half is needed is written anew: each chunk is read and
 * compared with its name, the new pack is durable, and only then the old one goes. All is found out before
 * anything is touched.
 */
import { packKey } from "../../content/layout.ts";
import { errorText } from "../../lib/error-text.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { type FramePlace, PackStore } from "../store/pack-store.ts";
import { RecipeStore } from "../store/recipe-store.ts";
import { purgeIncoming } from "../work/purge-incoming.ts";
import { BaseSearch } from "./base-search.ts";
import type { ChunkSet } from "./chunk-set.ts";
import { PacksKept, PackSweepFailed } from "./errors.ts";
import { judgePack } from "./judge-pack.ts";
import { namedChunks } from "./named-chunks.ts";
import { PackSurvey } from "./pack-survey.ts";
import { type Repacked, Repacker } from "./repacker.ts";

/** That a `Date` can hold: whatever is coming in is nobody's, by whichever clock it is marked. */
const LAST_MOMENT_MS = 8.64e15;

/** Takes lines, without their newlines. */
export interface CollectPacksOutput {
  /** What can be deleted. */
  line(text: string): void;
  /** What is being deleted. */
  deleting(text: string): void;
  /** What an operator should look into. */
  warning(text: string): void;
}

export interface CollectPacksOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** Blobs that were deleted, or would have been: their recipes do not count. */
  readonly gone: ReadonlySet<Digest>;
  /** Only tells what would be deleted. */
  readonly dryRun: boolean;
  readonly output: CollectPacksOutput;
  /** Asked before each change. Throws when it is not so: then nothing more goes. */
  readonly stillAlone: (options: CallOptions) => Promise<void>;
}

/** What was done, or would have been. */
export interface CollectedPacks {
  /** Packs that went for nothing of them is needed, */
  readonly deleted: number;
  /** and those of which what is needed was moved. */
  readonly rewritten: number;
  /** Of the store; for a dry run, about. */
  readonly freedBytes: number;
}

/** @throws {PacksKept} and nothing of them was touched. {PackSweepFailed}; the signal's reason once it aborts. */
export async function collectPacks(options: CollectPacksOptions): Promise<CollectedPacks> {
  const { signal, dryRun } = options;
  const plan = await named(planFor(options), options, (reason, cause) => {
    const next = "see to it that all of the store can be read";
    return new PacksKept(`the store cannot be read: ${reason}`, { next, cause });
  });
  tell(plan, options);
  const { dead, thin, freedBytes } = plan;
  if (dryRun) return { deleted: dead.length, rewritten: thin.length, freedBytes };
  return await named(sweep(plan, options), { signal }, (reason, cause) => {
    return new PackSweepFailed(`deleting packs stopped half-way: ${reason}`, { cause });
  });
}

interface LeavingPack {
  readonly name: string;
  readonly sizeBytes: number;
}

interface Plan {
  readonly survey: PackSurvey;
  readonly live: ChunkSet;
  readonly bases: ChunkSet;
  readonly dead: LeavingPack[];
  readonly thin: LeavingPack[];
  /** Frames that may lean on what goes. */
  readonly idle: FramePlace[];
  /** About. */
  readonly freedBytes: number;
}

async function named<Result>(
  work: Promise<Result>,
  { signal }: CallOptions,
  nameOf: (reason: string, cause: unknown) => Error,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof PacksKept ? error : nameOf(errorText(error), error);
  }
}

async function planFor({ driver, gone, output, signal }: CollectPacksOptions): Promise<Plan> {
  const survey = await PackSurvey.open({
    packs: new PackStore(driver),
    signal,
    onBadPack: (name, { message }) =>
      output.warning(
        `the pack /${packKey(name)} stays as it is, for it cannot be read: ${message}`,
      ),
  });
  const live = await namedChunks({ recipes: new RecipeStore(driver), gone, signal });
  const search = new BaseSearch(survey, live);
  await search.run();
  for (const { pack, at } of search.damaged) {
    output.warning(`the pack /${packKey(pack)} is damaged at ${at}: barge check --deep tells more`);
  }
  const dead: LeavingPack[] = [];
  const thin: LeavingPack[] = [];
  const idle: FramePlace[] = [];
  let freedBytes = 0;
  for await (const pack of survey.each(survey.names)) {
    const { name, sizeBytes } = pack;
    const verdict = judgePack(pack, live);
    if (verdict.fate === "goes") dead.push({ name, sizeBytes });
    else idle.push(...verdict.idle.map(({ at }) => ({ pack: name, at })));
    if (verdict.fate === "is-written-anew") thin.push({ name, sizeBytes });
    if (verdict.fate !== "stays") freedBytes += Math.floor(sizeBytes - verdict.liveBytes);
  }
  return { survey, live, bases: search.bases, dead, thin, idle, freedBytes };
}

/** Nothing for a store whose packs are as they should be, as all stores of other programs are. */
function tell({ dead, thin, freedBytes }: Plan, { output }: CollectPacksOptions): void {
  if (dead.length + thin.length === 0) return;
  output.line(
    `${dead.length} packs eligible for deletion, ${thin.length} packs to be written anew: about ${freedBytes} bytes`,
  );
  for (const { name } of dead) output.line(`pack eligible for deletion: ${name}`);
  for (const { name } of thin) output.line(`pack to be written anew: ${name}`);
}

async function sweep(plan: Plan, options: CollectPacksOptions): Promise<CollectedPacks> {
  const { driver, output, signal, stillAlone } = options;
  const packs = new PackStore(driver);
  const onDelete = (name: string): void => output.deleting(`Deleting pack: /${packKey(name)}`);
  await stillAlone({ signal });
  await purgeIncoming(driver, { olderThan: new Date(LAST_MOMENT_MS), signal });
  // What they lean on is there until now: from here on nobody may rely on them.
  for (const place of plan.idle) await packs.condemn(place, { signal });
  for (const { name } of plan.dead) {
    signal.throwIfAborted();
    await stillAlone({ signal });
    onDelete(name);
    await packs.delete(name, { signal });
  }
  const { rewritten, freedBytes } = await repack(plan, { ...options, packs, onDelete });
  await forgetMarks(packs, options);
  const deadBytes = plan.dead.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { deleted: plan.dead.length, rewritten, freedBytes: deadBytes + freedBytes };
}

async function repack(
  { survey, live, bases, thin }: Plan,
  {
    output,
    ...options
  }: CollectPacksOptions & {
    readonly packs: PackStore;
    readonly onDelete: (name: string) => void;
  },
): Promise<Repacked> {
  if (thin.length === 0) return { rewritten: 0, freedBytes: 0 };
  const names = thin.map(({ name }) => name);
  const onStays = (name: string, reason: string): void =>
    output.warning(
      `the pack /${packKey(name)} stays as it is, for a chunk of it that is needed cannot be read: ${reason}; barge check --deep tells more`,
    );
  await using repacker = await Repacker.open(names, { ...options, survey, live, bases, onStays });
  return await repacker.run();
}

/** A stop may have left marks of packs that are there no more. */
async function forgetMarks(packs: PackStore, options: CallOptions): Promise<void> {
  const marks = await Array.fromAsync(packs.damagedFrames(options));
  if (marks.length === 0) return;
  const there = new Set(await Array.fromAsync(packs.list(options)));
  const gone = new Set(marks.map(({ pack }) => pack).filter((pack) => !there.has(pack)));
  for (const pack of gone) await packs.delete(pack, options);
}
