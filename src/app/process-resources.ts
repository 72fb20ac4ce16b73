/** What this process may use: read from the system, with a cautious guess where it does not tell. */
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";

/** What systems without `/proc` give a server at least. */
const USUAL_OPEN_FILES = 4096;

/** How many files and sockets this process may have open. Node has raised the soft limit to the hard one. */
export async function readOpenFilesLimit(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "latin1").catch(() => "");
  return parseOpenFilesLimit(limits) ?? USUAL_OPEN_FILES;
}

/** @param limits as `/proc/self/limits` has it. @returns `undefined` when it does not tell. */
export function parseOpenFilesLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? [];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** Of the container where it is limited, else of the machine. */
export function memoryOfProcess(): number {
  // An unlimited container gives a number beyond all memory there is, or 0.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
