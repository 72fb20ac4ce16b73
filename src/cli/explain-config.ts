/** What the rules of a config file say, without a server. */
import { explainSubject } from "../auth/explain.ts";
import { createRules } from "../auth/rules.ts";
import { loadConfig } from "../config/load.ts";
import { parseRepositoryName } from "../oci/repository-name.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

export interface ExplainConfigQuestion {
  readonly config: string;
  readonly subject: string;
  readonly repository: string;
  /** `NAME=VALUE`; one that is there twice has both values. */
  readonly claims: readonly string[];
}

/**
 * Answers as the API does. What robots may beside the rules stands in the store, and is not known here.
 * @throws {ConfigInvalid} {UsageError} {SubjectInvalid} {InvalidName}
 */
export async function explainFromConfig(
  { config: path, subject, repository, claims }: ExplainConfigQuestion,
  { environment }: Io,
): Promise<unknown> {
  const { config } = await loadConfig({ path, environment });
  if (config.auth.kind !== "built-in") {
    throw new UsageError(`${path} has no rules: they come with barge.auth and barge.access`);
  }
  const explanations = await explainSubject(
    { rules: createRules(config.auth) },
    { subject, repository: parseRepositoryName(repository), claims: claimsOf(claims) },
  );
  const actions = explanations.map(({ action, isAllowed, rule, reason }) => {
    return { action, allowed: isAllowed, rule: rule ?? null, reason };
  });
  return { subject, repository, actions };
}

function claimsOf(words: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const claims = new Map<string, readonly string[]>();
  for (const word of words) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--claim ${JSON.stringify(word)}: write NAME=VALUE`);
    }
    claims.set(name, [...(claims.get(name) ?? []), value]);
  }
  return Object.fromEntries(claims);
}
