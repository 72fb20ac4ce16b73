/**
 * Walks the repositories of a store in ascending byte order of their full names, so that a listing
 * can go on behind any name without looking at what lies before it.
 */
import { isNameComponent, isRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { RESERVED, repositoryFolder, REPOSITORIES, type ReservedFolder } from "./layout.ts";

export interface FoundRepository {
  readonly name: RepositoryName;
  /** Which reserved folders it has; never empty. */
  readonly folders: ReadonlySet<ReservedFolder>;
}

interface WalkOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** Only names behind this one; it need not exist. */
  readonly after?: string | undefined;
}

/** Every repository there is a trace of; folders that cannot be a repository's are passed over. */
export function walkRepositories(options: WalkOptions): AsyncGenerator<FoundRepository> {
  return below("", options);
}

async function* below(prefix: string, options: WalkOptions): AsyncGenerator<FoundRepository> {
  const { signal, after = "" } = options;
  for (const step of await stepsBelow(prefix, options)) {
    signal.throwIfAborted();
    if (step.endsWith("/")) {
      if (mayHoldNamesBehind(step, after)) yield* below(step, options);
    } else if (step > after && isRepositoryName(step)) {
      const folders = await reservedFoldersOf(step, options);
      if (folders.size > 0) yield { name: step, folders };
    }
  }
}

/**
 * A child stands twice among the steps: as a repository by its name, and as a folder of more by its
 * name and a slash. Sorted so, `a`, `a-b`, `a-b/c`, `a/b` come in the order of their full names.
 */
async function stepsBelow(
  prefix: string,
  { driver, signal }: WalkOptions,
): Promise<readonly string[]> {
  const steps: string[] = [];
  const folder = prefix === "" ? REPOSITORIES : repositoryFolder(prefix.slice(0, -1));
  for await (const { kind, name } of driver.list(folder, { signal })) {
    if (kind !== "prefix" || !isNameComponent(name)) continue;
    steps.push(`${prefix}${name}`, `${prefix}${name}/`);
  }
  return steps.toSorted(byBytes);
}

/** Everything below `a/` is behind `a/` itself, and before whatever does not begin with it. */
function mayHoldNamesBehind(step: string, after: string): boolean {
  return step > after || after.startsWith(step);
}

async function reservedFoldersOf(
  name: RepositoryName,
  { driver, signal }: WalkOptions,
): Promise<ReadonlySet<ReservedFolder>> {
  const found = new Set<ReservedFolder>();
  for await (const entry of driver.list(repositoryFolder(name), { signal })) {
    const folder = RESERVED.find((reserved) => reserved === entry.name);
    if (entry.kind === "prefix" && folder !== undefined) found.add(folder);
  }
  return found;
}

function byBytes(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
