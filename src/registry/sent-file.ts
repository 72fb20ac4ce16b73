import type { FileHandle } from "node:fs/promises";

/** An open file. */
export interface SentFile {
  readonly handle: FileHandle;
  /** Another one for every other file of this machine. */
  readonly id: string;
  readonly ownerUid: number;
}
