/** What the rules of a config file say, without a server. */
import { explainSubject } from "../auth/rules/explain.ts";
import { createRules } from "../auth/rules/rules.ts";
import { loadConfig } from "../config/load.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

export interface ExplainConfigQuestion {
  readonly config: string;
  readonly subject: string;
  readonly repository: RepositoryName;
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/**
 * Answers as the API does. What robots may beside the rules stands in the store, and is not known here: that is told.
 * @throws {ConfigInvalid} {UsageError} {SubjectInvalid}
 */
export async function explainFromConfig(
  { config: path, subject, repository, claims }: ExplainConfigQuestion,
  { environment, stderr }: Io,
): Promise<unknown> {
  const { config } = await loadConfig({ path, environment });
  if (config.auth.kind !== "built-in") {
    throw new UsageError(`${path} has no rules: they come with barge.auth and barge.access`);
  }
  if (subject.startsWith("robot:")) {
    stderr("what the robot may beside the rules stands in the store, and is not looked at\n");
  }
  const explanations = await explainSubject(
    { rules: createRules(config.auth) },
    { subject, repository, claims },
  );
  const actions = explanations.map(({ action, isAllowed, rule, reason }) => {
    return { action, allowed: isAllowed, rule: rule ?? null, reason };
  });
  return { subject, repository, actions };
}
