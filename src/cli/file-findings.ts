import type { ConfigProblem } from "../config/config-invalid.ts";

/** What was found in the files that a config names. */
export interface FileFindings {
  /** What keeps `serve` from starting. */
  readonly problems: readonly ConfigProblem[];
  /** What it starts with, and keeps somebody from logging in. */
  readonly warnings: readonly string[];
}
