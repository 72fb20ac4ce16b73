/** What about accounts and rules is accepted but is probably not what the operator meant. */
import { formatPath } from "./problems.ts";
import { namesSource } from "./secrets-in-place.ts";
import type { Shape } from "./shape.ts";
import { toldPlace } from "./told-place.ts";
import { isObject, isSet, isText, valueAt } from "./value-at.ts";

/** What the anonymous should hardly ever get. */
const WRITES: ReadonlySet<string> = new Set([
  "push",
  "overwrite",
  "delete",
  "promote",
  "admin",
  "all",
]);

/** @param file the file as plain values, after environment variables, with secrets as they are written. */
export function findAuthCautions(file: unknown, shape: Shape): readonly string[] {
  const barge = valueAt(file, ["barge"]);
  const auth = valueAt(barge, ["auth"]);
  return [
    // The shape of a section is made when it is asked for.
    ...(barge === undefined ? [] : literalSecrets(barge, fieldOf(shape, "barge"), ["barge"])),
    ...(isObject(auth) && !("open" in auth) ? ruleCautions(file, auth) : []),
    ...tlsCautions(file),
  ];
}

function fieldOf(shape: Shape, key: string): Shape | undefined {
  return shape.kind === "map" ? (shape.fields.get(key)?.shape ?? shape.others) : undefined;
}

function literalSecrets(
  value: unknown,
  shape: Shape | undefined,
  path: readonly string[],
): readonly string[] {
  if (shape?.kind === "leaf") {
    if (!shape.isSecret || !isText(value) || namesSource(value)) return [];
    return [
      `${formatPath(path)} holds the secret itself: keep it out of the file, with file:/path or env:NAME in its place`,
    ];
  }
  if (shape?.kind !== "map" || !isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    literalSecrets(child, fieldOf(shape, key), [...path, key]),
  );
}

function ruleCautions(file: unknown, auth: Readonly<Record<string, unknown>>): readonly string[] {
  const rules = listOf(valueAt(file, ["barge", "access"])).filter(isObject);
  if (rules.length === 0) {
    return [
      "barge.auth has no rules beside it, so that nobody may do anything but robots with rights of their own; write barge.access",
    ];
  }
  const isGroupKnown = groupsKnownBy(file, auth);
  return rules.flatMap((rule, index) => [
    ...anonymousWrites(rule).map((text) => `${toldPlace(`barge.access[${index}]`)} ${text}`),
    ...groupsOf(rule)
      .filter((group) => !isGroupKnown(group))
      .map(
        (group) =>
          `${toldPlace(`barge.access[${index}]`)} is for the group ${JSON.stringify(group)}, which barge.auth.groups does not have`,
      ),
  ]);
}

/** Groups are those of the config, those of issuers (`ISSUER:NAME`), and any that certificates name. */
function groupsKnownBy(
  file: unknown,
  auth: Readonly<Record<string, unknown>>,
): (group: string) => boolean {
  if (isSet(valueAt(file, ["http", "tls", "clientcas"]))) return () => true;
  return (group) => {
    const [issuer = "", name] = group.split(":", 2);
    const isOfIssuer = name !== undefined && isSet(valueAt(auth, ["issuers", issuer, "groups"]));
    return isOfIssuer || isSet(valueAt(auth, ["groups", group]));
  };
}

function anonymousWrites(rule: Readonly<Record<string, unknown>>): readonly string[] {
  if (!listOf(rule["subject"]).includes("anonymous")) return [];
  const given = listOf(rule["actions"])
    .filter(isText)
    .filter((action) => WRITES.has(action));
  if (given.length === 0) return [];
  const admin = given.some((action) => action === "admin" || action === "all");
  const but = admin
    ? " (to administer is not given with it: that needs somebody who is known)"
    : "";
  return [`gives ${given.join(", ")} to everybody who reaches the registry${but}`];
}

function groupsOf(rule: Readonly<Record<string, unknown>>): readonly string[] {
  return listOf(rule["subject"])
    .filter(isText)
    .filter((text) => text.startsWith("group:"))
    .map((text) => text.slice("group:".length));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function tlsCautions(file: unknown): readonly string[] {
  const tls = valueAt(file, ["http", "tls"]);
  const hasAuthorities = isSet(valueAt(tls, ["clientcas"]));
  if (hasAuthorities && !isSet(valueAt(tls, ["certificate"]))) {
    return ["http.tls.clientcas has no effect without certificate and key: plain HTTP is spoken"];
  }
  if (!hasAuthorities && isSet(valueAt(tls, ["clientauth"]))) {
    return [
      "http.tls.clientauth has no effect without clientcas: clients are not asked for certificates",
    ];
  }
  return [];
}
