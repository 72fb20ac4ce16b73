import { StorageUnavailable } from "../../src/storage/errors.ts";

/** Names that the library gives when the store said nothing in particular. */
const VAGUE_NAME = /^(?:Error|AggregateError|Unknown|UnknownError|\d+)$/;
const ABSENCE: ReadonlySet<string> = new Set(["NoSuchKey", "NotFound", "KeyTooLongError"]);

/** Makes the library's errors {@link StorageUnavailable}; mistakes in our own code go on their way. */
export function toStorageError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || "kind" in error) return error;
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new StorageUnavailable(`cannot ${doing}: ${reason}`, { reason, cause: error });
}

/** What the store or the network called the failure. @returns `undefined` for mistakes in our own code. */
function reasonOf(error: Error): string | undefined {
  if ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) {
    return error.code;
  }
  const status = statusOf(error);
  if (!VAGUE_NAME.test(error.name)) {
    const isMistake =
      status === undefined && /^(?:Type|Range|Reference|Syntax)Error$/.test(error.name);
    return isMistake ? undefined : error.name;
  }
  return status === undefined ? "NoAnswer" : `Http${status}`;
}

function statusOf(error: Error): number | undefined {
  const metadata = metadataOf(error);
  if (!("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}

function metadataOf(error: Error): object {
  if (!("$metadata" in error) || typeof error.$metadata !== "object") return {};
  return error.$metadata ?? {};
}

/** How often the library has tried until this error came: the store may have carried out any of those. */
export function attemptsBefore(error: unknown): number {
  if (!(error instanceof StorageUnavailable) || !(error.cause instanceof Error)) return 1;
  const metadata = metadataOf(error.cause);
  return "attempts" in metadata && typeof metadata.attempts === "number" ? metadata.attempts : 1;
}

/** Whether the store refused or failed for one of these reasons. */
export function failedFor(error: unknown, ...reasons: readonly string[]): boolean {
  return error instanceof StorageUnavailable && reasons.includes(error.reason);
}

/** For `catch`: absence becomes `undefined`, anything else goes on its way. */
export function absentAsUndefined(error: unknown): undefined {
  if (!failedFor(error, ...ABSENCE)) throw error;
}
