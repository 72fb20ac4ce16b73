import { StorageUnavailable } from "../../src/storage/errors.ts";

/** Ways of the kernel to say that there is no such file: a symbolic link is none either. */
const ABSENCE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]);

/** Ways to say that a file cannot have a second name there. */
const NO_SECOND_NAME: ReadonlySet<string> = new Set([
  "EMLINK",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EPERM",
  "EXDEV",
]);

/** The code of a failed system call, such as `ENOSPC`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the call failed because there is nothing of that name. */
export function isAbsence(error: unknown): boolean {
  return ABSENCE.has(errnoOf(error) ?? "");
}

/** Whether `link` failed because a file cannot have a second name there, whatever that name is. */
export function isWithoutSecondNames(error: unknown): boolean {
  return NO_SECOND_NAME.has(errnoOf(error) ?? "");
}

/** For `catch`: absence becomes `undefined`, anything else goes on its way. */
export function absentAsUndefined(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}

/** Makes failed system calls of `task` {@link StorageUnavailable}; anything else goes on its way. */
export async function namingFailure<Result>(
  doing: string,
  task: () => Promise<Result>,
): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    throw toStorageError(error, doing);
  }
}

/** @param doing what was tried, for the message: `write a/b/link`. */
export function toStorageError(error: unknown, doing: string): unknown {
  const reason = errnoOf(error);
  if (reason === undefined || !/^E[A-Z0-9]+$/.test(reason)) return error;
  return new StorageUnavailable(`cannot ${doing}: ${reason}`, { reason, cause: error });
}
