/** One thing that keeps a configuration from being used. */
export interface ConfigProblem {
  /** Where: `http.tls.key`, `notifications.endpoints[0].url`; "" for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right, without secrets. */
  readonly message: string;
}

/** The configuration cannot be used. Carries all problems at once. */
export class ConfigInvalid extends Error {
  readonly kind = "ConfigInvalid";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** One line for people: `http.addr: is missing ...`. */
export function formatProblem(problem: ConfigProblem): string {
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}
