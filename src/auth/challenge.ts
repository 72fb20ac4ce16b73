/**
 * What a client is told to bring: the header `WWW-Authenticate`, and the body beside it.
 *
 * Spec: https://distribution.github.io/distribution/spec/auth/token/ and RFC 6750 section 3
 */
import { quote } from "../observability/quote.ts";
import type { ChallengeOptions, Needed, ScopeAction } from "./access.ts";
import { formatScope, type RequestedScope } from "./scope.ts";

export interface BearerChallengeOptions extends Pick<ChallengeOptions, "needed" | "error"> {
  /** URL of the token server. */
  readonly realm: string;
  readonly service: string;
}

/** One right that a request lacks, as it stands in the `detail` of the answer. */
export interface AccessItem {
  readonly Type: string;
  readonly Class: string;
  readonly Name: string;
  readonly Action: string;
}

/** Fixed, so that clients that keep tokens by scope find them again. */
const ORDER: readonly ScopeAction[] = ["pull", "push", "delete"];

/** The parameters are joined without a space, in the order realm, service, scope, error: clients compare them. */
export function bearerChallenge(options: BearerChallengeOptions): string {
  const scope = scopesOf(options.needed).map(formatScope).join(" ");
  const parameters = {
    realm: options.realm,
    service: options.service,
    scope: scope === "" ? undefined : scope,
    error: options.error,
  };
  const texts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`],
  );
  return `Bearer ${texts.join(",")}`;
}

export function basicChallenge(realm: string): string {
  return `Basic realm=${quoted(realm)}`;
}

/** The `detail` of the answer; `null`, as it is to stand there, when any token would do. */
export function accessItems(needed: readonly Needed[]): readonly AccessItem[] | null {
  const items = scopesOf(needed).flatMap(({ type, name, actions }) =>
    actions.map((action) => ({ Type: type, Class: "", Name: name, Action: action })),
  );
  return items.length === 0 ? null : items;
}

/** Each resource once, with the actions of all that need it. */
function scopesOf(needed: readonly Needed[]): readonly RequestedScope[] {
  const wanted = new Map<string, Set<string>>();
  for (const one of needed) {
    const [resource, actions] =
      one.kind === "catalog"
        ? ["registry:catalog", ["*"]]
        : [`repository:${one.repository}`, one.actions];
    wanted.set(resource, (wanted.get(resource) ?? new Set()).union(new Set(actions)));
  }
  return [...wanted].flatMap(([resource, actions]) => {
    const [type = "", name = ""] = resource.split(":");
    const ordered = [...ORDER, "*"].filter((action) => actions.has(action));
    return ordered.length === 0 ? [] : [{ type, class: "", name, actions: ordered }];
  });
}

/** A quoted string of a header: on one line, and its characters beyond ASCII as the bytes of UTF-8. */
function quoted(text: string): string {
  return Buffer.from(quote(text), "utf8").toString("latin1");
}
