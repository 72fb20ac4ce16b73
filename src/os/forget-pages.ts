/** So that what is read next comes from the disk. */
import { open } from "node:fs/promises";

/** As Linux has it on every architecture but one that Node does not run on. */
const POSIX_FADV_DONTNEED = 4;

/** As an offset, and as a length: up to the end. */
const WHOLE_FILE = 0n;

/** Lets the kernel forget what it holds in memory of a file: only what is on the disk already. Never rejects. */
export type ForgetPages = (path: string) => Promise<void>;

/** @returns a function that does nothing where the kernel cannot be told. */
export async function loadForgetPages(): Promise<ForgetPages> {
  const advise = process.platform === "linux" ? await loadAdvise() : undefined;
  if (advise === undefined) return () => Promise.resolve();
  return async (path) => {
    try {
      await using file = await open(path);
      advise(file.fd, WHOLE_FILE, WHOLE_FILE, POSIX_FADV_DONTNEED);
    } catch {
      // What is gone is not read from memory either.
    }
  };
}

type Advise = (...call: readonly [number, bigint, bigint, number]) => number;

async function loadAdvise(): Promise<Advise | undefined> {
  try {
    const { dlopen } = await import("node:ffi");
    const { functions } = dlopen(null, {
      posix_fadvise: { arguments: ["i32", "i64", "i64", "i32"], return: "i32" },
    });
    return (...call) => functions.posix_fadvise(...call);
  } catch {
    return undefined;
  }
}
