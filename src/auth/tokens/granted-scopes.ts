/** Which of the rights that a client asks for its token may name. Pure. */
import { isRepositoryName } from "../../oci/repository-name.ts";
import type { Caller } from "../access.ts";
import type { RequestedScope } from "../scope.ts";

/** One entry of the claim `access`. */
export interface GrantedScope {
  readonly type: string;
  readonly class?: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** What a caller may do beyond single repositories. */
export interface Grantee extends Pick<Caller, "may"> {
  /** Whether nothing in the catalog is hidden from them. */
  readonly seesAll: boolean;
}

/**
 * What is asked for and permitted; a resource of which nothing is permitted is left out. The words are
 * those of other registries, where `push` moves existing tags as well and the catalog hides nothing: so
 * `push` takes both rights, and the catalog takes the right to pull everything.
 */
export function grantedScopes(
  asked: readonly RequestedScope[],
  grantee: Grantee,
): readonly GrantedScope[] {
  return asked.flatMap((scope) => {
    const permitted = permittedActions(scope, grantee);
    const isAll = scope.actions.includes("*");
    const actions = permitted.filter((action) => isAll || scope.actions.includes(action));
    if (actions.length === 0) return [];
    const { type, name } = scope;
    return [
      scope.class === "" ? { type, name, actions } : { type, class: scope.class, name, actions },
    ];
  });
}

function permittedActions({ type, name }: RequestedScope, grantee: Grantee): readonly string[] {
  if (type === "registry") return name === "catalog" && grantee.seesAll ? ["*"] : [];
  if (type !== "repository" || !isRepositoryName(name)) return [];
  const mayPush = grantee.may("push", name) && grantee.may("overwrite", name);
  return [
    ...(grantee.may("pull", name) ? ["pull"] : []),
    ...(mayPush ? ["push"] : []),
    ...(grantee.may("delete", name) ? ["delete"] : []),
  ];
}
