/**
 * The scopes that clients ask token servers for.
 *
 * Spec: https://distribution.github.io/distribution/spec/auth/scope/
 */
import { MAX_REPOSITORY_NAME_LENGTH } from "../oci/repository-name.ts";

/** One resource and what is wanted of it. */
export interface RequestedScope {
  /** `repository` or `registry` as a rule; without its class. */
  readonly type: string;
  /** What stands in brackets after the type; "" as a rule. */
  readonly class: string;
  /** May begin with a host and its port: it is not checked against the grammar of names here. */
  readonly name: string;
  /** Each once, in the order of asking; at least one. `*` is one of them where it was asked for. */
  readonly actions: readonly string[];
}

/** Resources that one request may name; what follows is not looked at. */
export const MAX_SCOPES = 100;
/** Actions of one resource; what follows is left out. Four have a meaning. */
export const MAX_ACTIONS = 16;

/** Whoever asks has not said who they are yet: reading must stay cheap whatever comes. */
const MAX_WORDS = 4 * MAX_SCOPES;
const MAX_WORD_LENGTH = 1024;

const MAX_HOST_LENGTH = 261;
const TYPE = /^([a-z0-9]+)(?:\(([a-z0-9]+)\))?$/;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const ACTION = /^(?:[a-z]+|\*)$/;

/**
 * Reads values of the parameter `scope`, each of which may hold several scopes between spaces. What is not
 * in the grammar is left out, because a right that cannot be given is no error; a resource that is named
 * twice comes once, with the actions of both. Looks at the first 400 scopes and takes none that is longer
 * than 1,024 characters.
 */
export function parseScopes(texts: readonly string[]): readonly RequestedScope[] {
  const found = new Map<string, Gathered>();
  for (const text of words(texts).take(MAX_WORDS)) {
    const scope = parseScope(text);
    if (scope === undefined) continue;
    const resource = resourceOf(scope);
    const known = found.get(resource);
    if (known === undefined && found.size === MAX_SCOPES) break;
    const gathered: Gathered = known ?? { ...scope, actions: new Set() };
    addActions(gathered.actions, scope.actions);
    found.set(resource, gathered);
  }
  return Array.from(found.values(), (scope) => ({ ...scope, actions: [...scope.actions] }));
}

interface Gathered extends Omit<RequestedScope, "actions"> {
  readonly actions: Set<string>;
}

function addActions(known: Set<string>, more: readonly string[]): void {
  for (const action of more) {
    if (known.size === MAX_ACTIONS) return;
    known.add(action);
  }
}

/** A scope as clients write it. */
export function formatScope(scope: RequestedScope): string {
  return `${resourceOf(scope)}:${scope.actions.join(",")}`;
}

function resourceOf({ type, class: kind, name }: RequestedScope): string {
  return `${kind === "" ? type : `${type}(${kind})`}:${name}`;
}

function* words(texts: readonly string[]): Generator<string> {
  for (const text of texts) {
    for (const [word] of text.matchAll(/[^ ]+/g)) yield word;
  }
}

/** Split at the first and the last colon: the name may hold one of its own, before a port. */
function parseScope(text: string): RequestedScope | undefined {
  if (text.length > MAX_WORD_LENGTH) return undefined;
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first === last) return undefined;
  const [, type, kind = ""] = TYPE.exec(text.slice(0, first)) ?? [];
  const name = text.slice(first + 1, last);
  const actions = text.slice(last + 1).split(",");
  if (type === undefined || !isResourceName(name)) return undefined;
  if (!actions.every((action) => ACTION.test(action))) return undefined;
  return { type, class: kind, name, actions };
}

function isResourceName(name: string): boolean {
  if (name.length > MAX_HOST_LENGTH + MAX_REPOSITORY_NAME_LENGTH) return false;
  const [first = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && HOST.test(first);
  return (isHost || COMPONENT.test(first)) && rest.every((part) => COMPONENT.test(part));
}
