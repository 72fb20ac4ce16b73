import { rename } from "node:fs/promises";

/**
 * Takes the damaged file of a queue out of the way, so that opening the path again begins an empty one.
 * What was to be done is forgotten, and has to be found out anew from the store. Nobody may have the
 * file open, in no process.
 * @returns the new path, which tells the moment; SQLite's own files beside it get names that begin like it.
 */
export async function setJobStoreAside(path: string, now: Date): Promise<string> {
  const target = `${path}.damaged-${now.toISOString().replaceAll(/[-:]/g, "")}`;
  // The log first: one that is left behind would be taken for the log of the new file.
  for (const suffix of ["-wal", "-shm", ""]) {
    await rename(`${path}${suffix}`, `${target}${suffix}`).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
  return target;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
