/** Looks into the claims of a token that has been verified. */
import { isJsonObject } from "../../oci/descriptor.ts";

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claim of that name; where there is none, the one that the name leads to with `/` between its steps:
 * `kubernetes.io/namespace` finds `{"kubernetes.io": {"namespace": ...}}`.
 */
export function claimValue(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split("/")) {
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** Those of the names, each under the name it was asked by: what {@link claimValue} finds there again. */
export function pickClaims(claims: Claims, names: readonly string[]): Claims {
  const found = names.map((name) => [name, claimValue(claims, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/**
 * Whether one of the patterns matches. A list matches when any of its items does; a map, null and what is
 * not there never do.
 */
export function matchesClaim(patterns: readonly string[], value: unknown): boolean {
  return textsOf(value).some((text) => patterns.some((pattern) => matchesText(pattern, text)));
}

/** The texts of a claim such as `groups`: of a text or number one, of a list those of its items. */
export function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return scalarTexts(value);
  const items: readonly unknown[] = value;
  return items.flatMap(scalarTexts);
}

function scalarTexts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}

/** `*` stands for any characters, none as well; all else for itself, with the case of its letters. */
export function matchesText(pattern: string, text: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= end;
}
