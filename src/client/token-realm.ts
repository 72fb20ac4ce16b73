/** Whether a token server may be shown what belongs to a registry. */
import { isIP } from "node:net";
import { RealmRefused } from "./errors.ts";

export interface RealmRules {
  /** The registry, as it was reached. */
  readonly registry: URL;
  /** Further hosts, without ports, that the user vouches for. */
  readonly trustedHosts: readonly string[];
}

/** Labels that stand for a kind of holder below the domain of a country: nobody owns `co.uk`. */
const KINDS = new Set([
  "ac",
  "co",
  "com",
  "edu",
  "gob",
  "gouv",
  "gov",
  "mil",
  "ne",
  "net",
  "or",
  "org",
]);

/**
 * The token server that a challenge names, if it belongs to the registry: the same host or the same
 * registrable domain, by https unless the registry itself was reached without. A registry, or whoever
 * answers in its place, could otherwise have passwords sent wherever it likes.
 * @throws {RealmRefused}
 */
export function parseRealm(realm: string | undefined, { registry, trustedHosts }: RealmRules): URL {
  const url = URL.parse(realm ?? "", registry);
  if (url === null || realm === undefined) {
    throw new RealmRefused(`${registry.host} names no token server`);
  }
  const named = `${url.protocol}//${url.host}`;
  if (!isAsSafe(url, registry)) throw refusal(registry, named, "it must be reached by https");
  if (url.username !== "" || url.password !== "") {
    throw refusal(registry, named, "its address holds a user name");
  }
  const isTrusted = trustedHosts.some((host) => host.toLowerCase() === url.hostname);
  if (isTrusted || belongsTogether(url.hostname, registry.hostname)) return url;
  throw refusal(
    registry,
    named,
    `that is another host; if it is right, add --realm-host ${url.hostname}`,
  );
}

function isAsSafe({ protocol }: URL, registry: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && registry.protocol === "http:");
}

/** Whether two hosts have one owner, as far as their names tell. Addresses have none but themselves. */
export function belongsTogether(one: string, other: string): boolean {
  if (one === other) return true;
  const domain = registrableDomain(one);
  return domain !== undefined && domain === registrableDomain(other);
}

function registrableDomain(hostname: string): string | undefined {
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return undefined;
  const labels = hostname.replace(/\.$/, "").split(".");
  const isCountry = labels.at(-1)?.length === 2 && KINDS.has(labels.at(-2) ?? "");
  const count = isCountry ? 3 : 2;
  return labels.length < count ? undefined : labels.slice(-count).join(".");
}

function refusal({ host }: URL, named: string, why: string): RealmRefused {
  return new RealmRefused(
    `${host} sends its users to the token server ${named}: ${why}\n  no credentials were sent there`,
  );
}
