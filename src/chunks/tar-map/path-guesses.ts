import { slashesOf } from "./header-shape.ts";
import { SkeletonError } from "./skeleton-error.ts";
import type { ColumnSetReader, ColumnSetWriter } from "./skeleton-columns.ts";

const NAME_BYTES = 100;
/** The folder that programs put into the name of an extended header. */
const PAX_FOLDER = /(?:^|\/)(PaxHeaders[^/]*)\//;

/** What the writer and the reader of a skeleton both expect of the next path, from those before. */
export class PathGuesses {
  #last = "";
  #lastExtended = "";
  #paxFolder: string | undefined;
  /** Of the extended headers before an entry: the whole path, and what its header may then hold. */
  #told: string | undefined;
  #header: string | undefined;

  /** For a path in an extended header. */
  forRecord(): string {
    return this.#last;
  }

  /** For an extended header's own name. @param told the path that its body tells */
  forExtended(told: string | undefined): string {
    if (told === undefined || this.#paxFolder === undefined) return this.#lastExtended;
    const name = told.endsWith("/") ? told.slice(0, -1) : told;
    const cut = name.lastIndexOf("/") + 1;
    return `${name.slice(0, cut)}${this.#paxFolder}/${name.slice(cut)}`.slice(0, NAME_BYTES);
  }

  afterExtended(name: string, told: string | undefined): void {
    this.#lastExtended = name;
    const folder = PAX_FOLDER.exec(name);
    this.#paxFolder = folder?.[1] ?? this.#paxFolder;
    if (told !== undefined) {
      this.#told = told;
      this.#header = told.slice(0, NAME_BYTES);
    } else if (folder !== null) {
      this.#header ??= name.replace(`${folder[1]}/`, "");
    }
  }

  forEntry(): string {
    return this.#header ?? this.#last;
  }

  afterEntry(path: string): void {
    this.#last = this.#told ?? path;
    this.#told = undefined;
    this.#header = undefined;
  }
}

/** Writes a path as what it has beyond the folders it shares with a guess. @param path without a NUL */
export function writePath(columns: ColumnSetWriter, path: string, guess: string): void {
  const cuts = columns.column("pathCuts");
  if (path === guess) return cuts.number(0);
  const shared = sharedFolders(path, guess);
  cuts.number(1 + slashesOf(guess.slice(shared)));
  columns.column("pathRests").text(path.slice(shared));
}

/** How many bytes two paths share, up to a slash. */
function sharedFolders(path: string, guess: string): number {
  const most = Math.min(path.length, guess.length);
  let shared = 0;
  while (shared < most && path.charCodeAt(shared) === guess.charCodeAt(shared)) shared += 1;
  return shared === 0 ? 0 : path.lastIndexOf("/", shared - 1) + 1;
}

/**
 * Reads what {@link writePath} wrote.
 *
 * @param most bytes that the path may have
 * @throws {SkeletonError | RecipeError} when the columns cannot be.
 */
export function readPath(columns: ColumnSetReader, guess: string, most: number): string {
  const cut = columns.numbers("pathCuts").number();
  const path =
    cut === 0 ? guess : keptFolders(guess, cut - 1) + columns.texts("pathRests").text(most);
  if (path.length > most) throw new SkeletonError("a path of a skeleton is too long");
  return path;
}

/** @param dropped how many of the slashes go */
function keptFolders(guess: string, dropped: number): string {
  let end = guess.length;
  for (let count = 0; count <= dropped; count++) {
    const slash = end === 0 ? -1 : guess.lastIndexOf("/", end - 1);
    if (slash < 0 && count < dropped) {
      throw new SkeletonError("a path of a skeleton leaves more folders than there are");
    }
    end = slash < 0 ? 0 : slash + (count === dropped ? 1 : 0);
  }
  return guess.slice(0, end);
}
