/**
 * Where the program's own files are: worker threads, helper processes, data files. Nothing else may
 * look for one, so that a bundled program has one table to replace.
 */
const ENTRIES = {
  /** Version and name of the program. */
  package: "../../package.json",
  /** Thread that hashes what comes in. */
  "hash-thread": "../content/hash-thread.ts",
  /** One more process that serves; see `process-group.ts`. */
  "serving-process": "./serving-process.ts",
  /** Thread that checks passwords. */
  "password-thread": "../auth/passwords/password-thread.ts",
  /** Thread that hashes a file. */
  "hash-worker": "../content/hash-worker.ts",
  /** Thread that inspects a layer. */
  "layer-inspection-thread": "./layer-inspection-thread.ts",
  /** Thread that makes chunks of blobs, and blobs of chunks. */
  "dedup-thread": "../dedup/threads/dedup-thread.ts",
} as const;

export type EntryName = keyof typeof ENTRIES;

export function entryUrl(name: EntryName): URL {
  return new URL(ENTRIES[name], import.meta.url);
}
