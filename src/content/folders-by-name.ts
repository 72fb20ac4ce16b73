/**
 * Drivers give folders in the order of their names with a slash behind; tags and repositories are
 * listed in that of the names alone. The two part where a name goes on from a shorter one with `-` or
 * `.`, which come before the slash: the folder `a-b/` stands before `a/`, the name `a` before `a-b`.
 */
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";

export interface FoldersByNameOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** Only names behind this text, and folders that may hold such; it need not exist. */
  readonly after: string;
  /** How many folders are asked of the driver before the first is given out; at least 1. */
  readonly ahead: number;
  /** Other folders are passed over. */
  readonly accepts: (name: string) => boolean;
}

/**
 * The folders directly below `parent`, each as a name and, where its folder stands, as a name with a
 * slash: all in ascending byte order, as in `a`, `a-b`, `a-b/`, `a/`. They come in chunks of about
 * `ahead` folders. Costs what it gives out and a chunk, however much lies before or behind.
 */
export async function* foldersByName(
  parent: string,
  options: FoldersByNameOptions,
): AsyncGenerator<readonly string[]> {
  const early = new Set<string>();
  for await (const chunk of chunksBelow(parent, options)) {
    const there = new Set([...chunk, ...(await shorterBehind(parent, chunk, options))]);
    yield [...inNameOrder(chunk, { there, early, after: options.after })];
  }
}

interface ChunkOptions {
  /** The names of the chunk, and shorter ones whose folders come later. */
  readonly there: ReadonlySet<string>;
  /** Names given out before the turn of their folders; kept from chunk to chunk. */
  readonly early: Set<string>;
  readonly after: string;
}

function* inNameOrder(
  chunk: readonly string[],
  { there, early, after }: ChunkOptions,
): Generator<string> {
  const isDue = (name: string): boolean => there.has(name) && name > after && !early.has(name);
  for (const name of chunk) {
    for (const shorter of shorterNames(name).filter(isDue)) {
      early.add(shorter);
      yield shorter;
    }
    if (!early.delete(name) && name > after) yield name;
    yield `${name}/`;
  }
}

/** As many folders at a time as are read ahead, in the order of the driver. */
async function* chunksBelow(
  parent: string,
  { driver, signal, after, ahead, accepts }: FoldersByNameOptions,
): AsyncGenerator<readonly string[]> {
  const slash = after.indexOf("/");
  const start = slash === -1 ? after : after.slice(0, slash + 1);
  let chunk: string[] = [];
  for await (const { kind, name } of driver.list(parent, { signal, after: start })) {
    if (kind !== "prefix" || !accepts(name)) continue;
    chunk.push(name);
    if (chunk.length < ahead) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * Of the names that the chunk's go on from, those whose folders come behind the chunk. All folders
 * from `a-b/` to `a/` go on from `a`; so the last of the chunk goes on from every such name.
 */
async function shorterBehind(
  parent: string,
  chunk: readonly string[],
  options: FoldersByNameOptions,
): Promise<readonly string[]> {
  const { after, ahead, accepts } = options;
  const last = chunk.at(-1);
  if (last === undefined || chunk.length < ahead) return [];
  const names = shorterNames(last).filter((name) => name > after && accepts(name));
  const found = await Promise.all(names.map((name) => isFolder(parent, name, options)));
  return names.filter((_, index) => found[index]);
}

async function isFolder(
  parent: string,
  name: string,
  { driver, signal }: FoldersByNameOptions,
): Promise<boolean> {
  // No name has a character behind `~`.
  for await (const entry of driver.list(parent, { signal, after: `${name}.~` })) {
    return entry.kind === "prefix" && entry.name === name;
  }
  return false;
}

/** What stands before each `-` and `.` of a name, the shortest first. */
function shorterNames(name: string): readonly string[] {
  const shorter: string[] = [];
  for (let at = 0; at < name.length; at += 1) {
    if (name[at] === "-" || name[at] === ".") shorter.push(name.slice(0, at));
  }
  return shorter;
}
