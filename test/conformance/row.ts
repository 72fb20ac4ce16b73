/** One row of the suite: a named statement about a registry, runnable by any runner. */
import { randomBytes } from "node:crypto";

import { RegistryClient } from "./client.ts";
import type { Login } from "./login.ts";
import { Repository } from "./repository.ts";

export interface RowContext {
  readonly client: RegistryClient;
  /** A repository that no other row, and no earlier run, has used. */
  readonly repository: Repository;
  /** @returns one more unused repository. */
  readonly another: () => Repository;
}

/** Throws when the statement does not hold; what it throws says what came instead. */
export type RowBody = (context: RowContext) => Promise<void>;

export interface Row {
  /** `group: statement`; stable and unique, for lists of what passes where. */
  readonly title: string;
  readonly run: RowBody;
}

/** @param bodies statement -> check; each becomes a row `group: statement`. */
export function rowsOf(group: string, bodies: Readonly<Record<string, RowBody>>): Row[] {
  return Object.entries(bodies).map(([statement, run]) => ({
    title: `${group}: ${statement}`,
    run,
  }));
}

/** Runs a row against the registry at `origin` with a connection and repositories of its own. */
export async function runRow(row: Row, origin: URL, login?: Login): Promise<void> {
  using client = new RegistryClient(origin, login);
  const another = (): Repository => new Repository(client, newRepositoryName());
  await row.run({ client, repository: another(), another });
}

/** @returns the first line of what went wrong, or `undefined` when the row holds. */
export async function whyRowFails(row: Row, origin: URL): Promise<string | undefined> {
  try {
    await runRow(row, origin);
    return undefined;
  } catch (error) {
    const [first = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return first === "" ? "failed" : first;
  }
}

/** Lower-case, two components, below 64 characters. */
function newRepositoryName(): string {
  return `conformance/r${randomBytes(8).toString("hex")}`;
}
