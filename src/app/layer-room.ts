import { tmpdir } from "node:os";
import { LayoutError } from "../layouts/stored-layer.ts";

/**
 * @param what is kept below `TMPDIR`, for the message
 * @returns what a person can do when the disk was full, any other error as it is.
 */
export function asNoRoom(error: unknown, what: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  const text = `no room in ${tmpdir()} for ${what}; TMPDIR names another place`;
  return new LayoutError(text, { cause: error });
}
