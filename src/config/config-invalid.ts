import { toldPlace } from "./told-place.ts";

/** One thing that keeps a configuration from being used. */
export interface ConfigProblem {
  /** Where: `http.tls.key`, `notifications.endpoints[0].url`; "" for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right, without secrets. */
  readonly message: string;
}

/** The configuration cannot be used. Carries all problems at once; the message names the file and tells them line by line. */
export class ConfigInvalid extends Error {
  readonly kind = "ConfigInvalid";
  readonly problems: readonly ConfigProblem[];

  /** @param options.source name of the file; `undefined` for the built-in configuration. */
  constructor(
    problems: readonly ConfigProblem[],
    options: ErrorOptions & { readonly source: string | undefined },
  ) {
    super(formatProblems(problems, options.source), options);
    this.problems = problems;
  }
}

/** What stands for the name of a file when there is none. */
export const BUILT_IN = "the built-in configuration";

/** Several lines for people: which file, and each problem of it. */
export function formatProblems(
  problems: readonly ConfigProblem[],
  source: string | undefined,
): string {
  const name = source ?? BUILT_IN;
  const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  return [`${name} cannot be used: ${count}`, ...lines].join("\n");
}

/** One line for people: `http.addr: is missing ...`. */
function formatProblem(problem: ConfigProblem): string {
  return problem.path === "" ? problem.message : `${toldPlace(problem.path)}: ${problem.message}`;
}
