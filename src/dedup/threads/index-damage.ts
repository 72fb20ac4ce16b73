import { isDamagedFile } from "../../lib/sqlite-cache.ts";
import { ThreadRefused } from "./dedup-worker.ts";

/** Whether what this machine remembers of packs could not be read, here or in a thread. */
export function isIndexDamaged(error: unknown): boolean {
  if (error instanceof ThreadRefused) return error.fault.kind === "index-damaged";
  return isDamagedFile(error);
}
