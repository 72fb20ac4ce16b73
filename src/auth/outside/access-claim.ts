/** The claim `access` of a token: what its bearer may do, as an outside token server wrote it down. */
import type { Action } from "../action.ts";

/** What a token gives. Names and actions are compared to the byte: what is in no grammar matches nothing. */
export interface RepositoryRights {
  /** Whether every one of the actions is given on this repository, by itself or by `*`. */
  allow(repository: string, actions: readonly string[]): boolean;
  /** `registry:catalog:*`. */
  readonly mayList: boolean;
}

/** What tokens have to give for an action; `undefined`: no token can. */
const NEEDED: Readonly<Record<Action, readonly string[] | undefined>> = {
  pull: ["pull"],
  // The scope of a push is `pull,push`, and moving a tag is a push like any other.
  push: ["pull", "push"],
  overwrite: ["pull", "push"],
  delete: ["delete"],
  promote: undefined,
  admin: undefined,
};

export function actionsNeededFor(action: Action): readonly string[] | undefined {
  return NEEDED[action];
}

/**
 * Several entries for one resource count together. The class of a resource is not looked at.
 *
 * @param claim as it came; a token without it gives nothing.
 * @returns `undefined` when it is not in the form of the specification.
 */
export function readAccessClaim(claim: unknown): RepositoryRights | undefined {
  if (claim === undefined || claim === null) return NO_RIGHTS;
  if (!Array.isArray(claim) || !claim.every(isEntry)) return undefined;
  const repositories = actionsByName(claim, "repository");
  const registry = actionsByName(claim, "registry");
  return {
    mayList: covers(registry.get("catalog"), ["*"]),
    allow: (repository, actions) => covers(repositories.get(repository), actions),
  };
}

function actionsByName(entries: readonly Entry[], type: string): ReadonlyMap<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name, actions } of entries.filter((entry) => entry.type === type)) {
    found.set(name, (found.get(name) ?? new Set()).union(new Set(actions)));
  }
  return found;
}

const NO_RIGHTS: RepositoryRights = { mayList: false, allow: () => false };

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  if (!("type" in value && "name" in value && "actions" in value)) return false;
  const { type, name, actions } = value;
  if (typeof type !== "string" || typeof name !== "string") return false;
  return Array.isArray(actions) && actions.every((action) => typeof action === "string");
}

function covers(given: ReadonlySet<string> | undefined, actions: readonly string[]): boolean {
  if (given === undefined) return false;
  return given.has("*") || actions.every((action) => given.has(action));
}
