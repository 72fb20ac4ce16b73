import type { ChunkedFile } from "./chunked-files.ts";

/** How many of a path's last parts are compared, the most telling first. */
const COMPARED_PARTS = [3, 2, 1] as const;
/** `1.2.3`, `3.11`, `20251122`: what differs between versions of one thing. */
const VERSION = /\d+(?:[.\-_]\d+)*/g;
/** What bundlers put into a name for the content: `index.Di8au7q4.js`, `main-3f2a9c1b.css`. */
const CONTENT_HASH = /(?<=[.-])(?=\w*[\dA-Z])\w{8,}(?=\.)/g;

/**
 * Finds the file that a file was most likely made from: the one of the same name, else one whose name differs by
 * versions and hashes alone, else one with the same last parts of its path, those apart.
 */
export class LikeFiles {
  readonly #byName = new Map<string, ChunkedFile>();
  readonly #byKey = new Map<string, ChunkedFile>();

  /** @param files of two with the same name the later one counts, as it does when a tar is unpacked */
  constructor(files: readonly ChunkedFile[]) {
    for (const file of files) {
      this.#byName.set(file.name, file);
      for (const key of keysOf(file.name)) this.#byKey.set(key, file);
    }
  }

  find(name: string): ChunkedFile | undefined {
    const same = this.#byName.get(name);
    if (same !== undefined) return same;
    for (const key of keysOf(name)) {
      const like = this.#byKey.get(key);
      if (like !== undefined) return like;
    }
    return undefined;
  }
}

/** What files of like name have in common, the most telling first. */
function keysOf(name: string): readonly string[] {
  if (name === "") return [];
  const path = name.replace(CONTENT_HASH, "#").replace(VERSION, "#");
  const parts = path.split("/");
  // With the count before it, so that a short path is not taken for the end of a long one.
  return [path, ...COMPARED_PARTS.map((count) => `${count}:${parts.slice(-count).join("/")}`)];
}
