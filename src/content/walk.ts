/**
 * Walks the repositories of a store in ascending byte order of their full names, so that a listing
 * can go on behind any name without looking at what lies before it.
 */
import { pooledMap } from "../lib/pooled-map.ts";
import { isNameComponent, isRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { foldersByName } from "./folders-by-name.ts";
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
  /** Default: all are. */
  readonly wanted?: WantedNames | undefined;
}

/** What somebody wants to see. What is not wanted is not looked at. */
export interface WantedNames {
  has(name: RepositoryName): boolean;
  /** Whether any name that begins with the folder, which ends with a slash, might be. */
  mayLieBelow(folder: string): boolean;
}

const ALL_NAMES: WantedNames = { has: () => true, mayLieBelow: () => true };

/** How many folders are looked into at a time, ahead of the one that is given out. */
const CONCURRENCY = 16;
/** How many names of folders are read at a time. */
const AHEAD = 256;
/** A folder with more entries than this is asked for its reserved ones by name. */
const FEW_ENTRIES = 16;
/** In byte order, reserved folders come behind this and before all that does not begin with it. */
const RESERVED_MARK = "_";

/** Every repository there is a trace of; folders that cannot be a repository's are passed over. */
export function walkRepositories(options: WalkOptions): AsyncGenerator<FoundRepository> {
  return below("", options);
}

/** The folder in which a listing goes on, with its slash; `undefined` where it goes on right here. */
function folderOf(rest: string): string | undefined {
  const [first = "", ...deeper] = rest.split("/");
  return deeper.length > 0 && isNameComponent(first) ? `${first}/` : undefined;
}

function mayLieBelow(folder: string, { wanted = ALL_NAMES }: WalkOptions): boolean {
  return wanted.mayLieBelow(folder);
}

/** What comes next in order: a repository, or the folder `below` (its path and a slash) with more. */
type Step = { readonly found: FoundRepository } | { readonly below: string } | undefined;

async function* below(prefix: string, options: WalkOptions): AsyncGenerator<FoundRepository> {
  const { driver, signal, after = "" } = options;
  const rest = after.startsWith(prefix) ? after.slice(prefix.length) : "";
  const folder = folderOf(rest);
  if (folder !== undefined && mayLieBelow(`${prefix}${folder}`, options)) {
    yield* below(`${prefix}${folder}`, options);
  }
  const parent = prefix === "" ? REPOSITORIES : repositoryFolder(prefix.slice(0, -1));
  const chunks = foldersByName(parent, {
    driver,
    signal,
    after: rest,
    ahead: AHEAD,
    accepts: isNameComponent,
  });
  const stepOf = stepsWithin(prefix, options);
  for await (const step of pooledMap(each(chunks), CONCURRENCY, stepOf)) {
    signal.throwIfAborted();
    if (step === undefined) continue;
    if ("found" in step) yield step.found;
    else yield* below(step.below, options);
  }
}

async function* each<Item>(chunks: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const chunk of chunks) yield* chunk;
}

/** Remembers of each folder, from its name to its slash, whether it has to be listed again. */
function stepsWithin(prefix: string, options: WalkOptions): (component: string) => Promise<Step> {
  const seen = new Map<string, Promise<Contents>>();
  const { wanted = ALL_NAMES } = options;
  return async (component) => {
    const path = `${prefix}${component}`;
    if (component.endsWith("/")) {
      if (!mayLieBelow(path, options)) return undefined;
      const contents = await seen.get(component);
      seen.delete(component);
      return contents?.mayHoldMore === false ? undefined : { below: path };
    }
    if (!isRepositoryName(path)) return undefined;
    if (!wanted.has(path) && !mayLieBelow(`${path}/`, options)) return undefined;
    const looking = contentsOf(path, options);
    seen.set(`${component}/`, looking);
    const { folders } = await looking;
    return folders.size > 0 && wanted.has(path) ? { found: { name: path, folders } } : undefined;
  };
}

interface Contents {
  readonly folders: ReadonlySet<ReservedFolder>;
  /** Whether repositories may lie below. */
  readonly mayHoldMore: boolean;
}

async function contentsOf(
  name: RepositoryName,
  { driver, signal }: WalkOptions,
): Promise<Contents> {
  const folders = new Set<ReservedFolder>();
  let mayHoldMore = false;
  let count = 0;
  for await (const entry of driver.list(repositoryFolder(name), { signal })) {
    count += 1;
    if (count > FEW_ENTRIES) {
      return { folders: await reservedFoldersOf(name, { driver, signal }), mayHoldMore: true };
    }
    if (entry.kind !== "prefix") continue;
    if (isReserved(entry.name)) folders.add(entry.name);
    else mayHoldMore ||= isNameComponent(entry.name);
  }
  return { folders, mayHoldMore };
}

async function reservedFoldersOf(
  name: RepositoryName,
  { driver, signal }: WalkOptions,
): Promise<ReadonlySet<ReservedFolder>> {
  const found = new Set<ReservedFolder>();
  const after = RESERVED_MARK;
  for await (const entry of driver.list(repositoryFolder(name), { signal, after })) {
    if (!entry.name.startsWith(RESERVED_MARK)) break;
    if (entry.kind === "prefix" && isReserved(entry.name)) found.add(entry.name);
  }
  return found;
}

function isReserved(name: string): name is ReservedFolder {
  return RESERVED.some((reserved) => reserved === name);
}
