import { absentAsUndefined, errnoOf, isWithoutSecondNames } from "./failures.ts";
import type { FileSystem } from "./file-system.ts";
import { type Naming, placeFile, type Placing } from "./object-files.ts";
import { isSameFile } from "./staged-file.ts";

/**
 * Puts a whole file at `path` in one step, durably unless told, but only where nothing is. What is there
 * afterwards is durable, too: whoever has put it there may not have come to syncing its name.
 * @returns whether the file is the one that was given.
 */
export async function createFile(
  path: string,
  bytes: Uint8Array,
  placing: Placing,
): Promise<boolean> {
  const name: Naming<boolean> = (temporary) => nameIfAbsent(temporary, path, placing.files);
  return await placeFile(path, { bytes, placing, name });
}

/** @returns whether the file got the name. */
async function nameIfAbsent(temporary: string, path: string, files: FileSystem): Promise<boolean> {
  const outcome = await linkIfAbsent(temporary, path, files);
  if (outcome !== "impossible") {
    await files.unlink(temporary).catch(absentAsUndefined);
    return outcome === "linked";
  }
  // Without second names nothing keeps another process from coming in between.
  if ((await files.lstat(path).catch(absentAsUndefined)) === undefined) {
    await files.rename(temporary, path);
    return true;
  }
  await files.unlink(temporary);
  return false;
}

async function linkIfAbsent(
  temporary: string,
  path: string,
  files: FileSystem,
): Promise<"linked" | "taken" | "impossible"> {
  try {
    await files.link(temporary, path);
    return "linked";
  } catch (error) {
    if (isWithoutSecondNames(error)) return "impossible";
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  // When the answer of a file server is lost, it is asked again and says that the name is taken.
  const ours = await files.lstat(temporary, { bigint: true });
  const there = await files.lstat(path, { bigint: true }).catch(absentAsUndefined);
  return there !== undefined && isSameFile(ours, there) ? "linked" : "taken";
}
