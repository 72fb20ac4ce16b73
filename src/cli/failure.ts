/** What an operator is told when a command fails. */
import type { Io } from "./io.ts";

const EXIT_ERROR = 1;
const EXIT_CONFIG = 2;

/** All problems of a config at once; of other errors the message and what lies behind it. */
export function printFailure(error: unknown, { stderr }: Io): void {
  if (!(error instanceof Error)) {
    stderr(`barge: ${String(error)}\n`);
    return;
  }
  // An error that has no kind is none of ours: only its stack tells where to look.
  const isExpected = "kind" in error || "code" in error;
  stderr(`barge: ${isExpected ? error.message : (error.stack ?? error.message)}\n`);
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    stderr(`  because: ${cause.message}\n`);
  }
}

export function exitCodeOf(error: unknown): number {
  const isConfig = error instanceof Error && "kind" in error && error.kind === "ConfigInvalid";
  return isConfig ? EXIT_CONFIG : EXIT_ERROR;
}
