import * as node from "node:fs/promises";

/** The calls into the kernel that this driver makes: a test may put its own in their place. */
export type FileSystem = Pick<
  typeof node,
  | "link"
  | "lstat"
  | "mkdir"
  | "open"
  | "opendir"
  | "readdir"
  | "rename"
  | "rm"
  | "rmdir"
  | "stat"
  | "unlink"
>;

/** An open file, as `FileSystem.open` gives it. */
export type OpenFile = node.FileHandle;

/** That of this machine. */
export function realFileSystem(): FileSystem {
  return node;
}
