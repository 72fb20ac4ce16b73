/** What an operator is told when a command fails. */
import { errorText } from "../lib/error-text.ts";
import type { Io } from "./io.ts";

const EXIT_ERROR = 1;
const EXIT_CONFIG = 2;

/** All problems of a config at once; of other errors the message and what lies behind it, nothing twice. */
export function printFailure(error: unknown, { stderr }: Io): void {
  if (!(error instanceof Error)) {
    stderr(`barge: ${String(error)}\n`);
    return;
  }
  // An error that has no kind is none of ours: only its stack tells where to look.
  const isExpected = "kind" in error || "code" in error;
  let told = isExpected ? errorText(error) : (error.stack ?? error.message);
  stderr(`barge: ${told}\n`);
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    const text = errorText(cause);
    if (told.includes(text)) continue;

    stderr(`  because: ${text}\n`);
    told += `\n${text}`;
  }
}

export function exitCodeOf(error: unknown): number {
  const isConfig = error instanceof Error && "kind" in error && error.kind === "ConfigInvalid";
  return isConfig ? EXIT_CONFIG : EXIT_ERROR;
}
