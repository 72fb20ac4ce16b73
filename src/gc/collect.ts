/**
 * Offline garbage collection: no other process may write to the store meanwhile. Whether one does is
 * asked again before each lot of things that is deleted.
 *
 * Needed is what every manifest of a repository needs; with `deleteUntagged` only manifests count that
 * a tag points to, children of an index that counts, and manifests whose subject counts. Everything is
 * found before anything is deleted, and whatever cannot be understood ends the collection before that.
 * The lines are those of the reference registry's command, for scripts that look for them.
 */
import type { Digest } from "../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { MarkFailed, NotAlone, SweepFailed } from "./errors.ts";
import { type Garbage, mark, type RepositoryMarks } from "./mark.ts";
import { sweep } from "./sweep.ts";

/** Takes lines, without their newlines. */
export interface CollectOutput {
  /** What is marked and what can be deleted. */
  line(text: string): void;
  /** What is being deleted. */
  deleting(text: string): void;
  /** What an operator should look into. */
  warning(text: string): void;
}

export interface CollectOptions extends CallOptions {
  readonly driver: StorageDriver;
  readonly deleteUntagged: boolean;
  /** Only tells what would be deleted. */
  readonly dryRun: boolean;
  readonly output: CollectOutput;
  /** Asked after marking, and before each lot of things that is deleted. Throws when it is not so: then nothing more goes. */
  readonly stillAlone: (options: CallOptions) => Promise<void>;
}

/** What was deleted, or would have been. */
export interface Collected {
  readonly marked: number;
  readonly manifests: number;
  readonly layerLinks: number;
  /** Cold ones among them. */
  readonly blobs: number;
  /** Of the data of those blobs, and of their recipes. */
  readonly bytes: number;
  /** Those blobs. */
  readonly gone: ReadonlySet<Digest>;
}

/** @throws {MarkFailed} {NotAlone} and nothing was deleted. @throws {SweepFailed} @throws the signal's reason once it aborts. */
export async function collectGarbage(options: CollectOptions): Promise<Collected> {
  const { output, dryRun } = options;
  const { marked, garbage } = await markAll(options);
  const { revisions, layerLinks, blobs } = garbage;
  output.line("");
  output.line(
    `${marked} blobs marked, ${blobs.length} blobs and ${revisions.length} manifests eligible for deletion`,
  );
  for (const { data } of blobs) output.line(`blob eligible for deletion: ${data}`);
  for (const { name, digest } of layerLinks) {
    output.line(`${name}: layer link eligible for deletion: ${digest}`);
  }
  if (!dryRun) await sweepAll(garbage, options);
  return {
    marked,
    manifests: revisions.length,
    layerLinks: layerLinks.length,
    blobs: blobs.length,
    bytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    gone: new Set(blobs.map(({ data }) => data)),
  };
}

async function markAll(
  options: CollectOptions,
): Promise<{ readonly marked: number; readonly garbage: Garbage }> {
  const { driver, signal, deleteUntagged, output } = options;
  const onRepository = (marks: RepositoryMarks): void => describe(marks, output);
  try {
    const found = await mark({ driver, signal, deleteUntagged, onRepository });
    return { marked: found.marked.size, garbage: found.garbage };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MarkFailed) throw error;
    const next = "see to it that all of it can be read";
    throw new MarkFailed(`the store cannot be read: ${messageOf(error)}`, { next, cause: error });
  }
}

async function sweepAll(garbage: Garbage, options: CollectOptions): Promise<void> {
  const { driver, signal, output, stillAlone } = options;
  const onBlob = (key: string): void => output.deleting(`Deleting blob: /${key}`);
  try {
    await stillAlone({ signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new NotAlone(messageOf(error), { cause: error });
  }
  try {
    await sweep(garbage, { driver, signal, onBlob, stillAlone });
  } catch (error) {
    signal.throwIfAborted();
    throw new SweepFailed(`deleting stopped half-way: ${messageOf(error)}`, { cause: error });
  }
}

/** A manifest is listed with all tags of its repository, as the reference's command does it. */
function describe(marks: RepositoryMarks, output: CollectOutput): void {
  const { name, manifests, data, revisions, tags, warnings } = marks;
  const own = new Set(manifests);
  output.line(name);
  for (const digest of manifests) output.line(`${name}: marking manifest ${digest} `);
  for (const digest of data) {
    if (!own.has(digest)) output.line(`${name}: marking blob ${digest}`);
  }
  for (const digest of revisions) {
    output.line(`manifest eligible for deletion: {${name} ${digest} [${tags.join(" ")}]}`);
  }
  for (const warning of warnings) output.warning(warning);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
