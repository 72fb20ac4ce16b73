/** What an operator is told when a command fails. */
import { errorText } from "../lib/error-text.ts";
import type { Io } from "./io.ts";

const EXIT_ERROR = 1;

/** By kind of error; any other is 1. */
const EXIT_CODES: ReadonlyMap<unknown, number> = new Map([
  ["ConfigInvalid", 2],
  ["UsageError", 2],
  ["AddressRefused", 2],
  ["SubjectInvalid", 2],
  ["InvalidName", 2],
  ["CredentialFileUnusable", 2],
  ["TrustUnusable", 2],
  ["NotFound", 3],
  ["Denied", 4],
  ["RealmRefused", 4],
  ["TryLater", 75],
  ["Interrupted", 130],
]);

/** All problems of a config at once; of other errors the message and what lies behind it, nothing twice. */
export function printFailure(error: unknown, { stderr }: Io): void {
  if (!(error instanceof Error)) {
    stderr(`barge: ${harmless(String(error))}\n`);
    return;
  }
  // An error that has no kind is none of ours: only its stack tells where to look.
  const isExpected = "kind" in error || "code" in error;
  let told = isExpected ? errorText(error) : (error.stack ?? error.message);
  stderr(`barge: ${harmless(told)}\n`);
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    const text = errorText(cause);
    if (told.includes(text)) continue;

    stderr(`  because: ${harmless(text)}\n`);
    told += `\n${text}`;
  }
}

/** Names of files and words of servers must not steer a terminal. Some messages have several lines. */
function harmless(text: string): string {
  return text.replace(/[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\n\t]]/gv, "?");
}

/** 1 error, 2 usage or config, 3 not found, 4 denied, 75 try later, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  const kind = error instanceof Error && "kind" in error ? error.kind : undefined;
  return EXIT_CODES.get(kind) ?? EXIT_ERROR;
}
