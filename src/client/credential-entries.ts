/**
 * What a file of credentials says about servers.
 *
 * Formats: https://github.com/docker/cli/blob/v28.5.2/cli/config/configfile/file.go and
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-auth.json.5.md
 */
import { CredentialFileUnusable } from "./errors.ts";
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { objectOf, textOf } from "./json-object.ts";

export type Credentials =
  | { readonly kind: "password"; readonly name: string; readonly password: string }
  /** Exchanged for tokens of access at the registry's token server. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Shown to the registry as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

export interface Entry {
  readonly key: string;
  readonly credentials: Credentials;
}

/** The name that helpers give with an identity token in place of a password. */
export const IDENTITY_TOKEN_NAME = "<token>";

/**
 * The entry of `auths` for a place: the one that names most of its path.
 * @param file stands in the error.
 * @throws {CredentialFileUnusable} when what it holds cannot be read.
 */
export function entryFor(content: JsonObject, place: string, file: string): Entry | undefined {
  for (const [key, entry] of entriesFor(objectOf(content, "auths"), place)) {
    const credentials = isJsonObject(entry) ? credentialsOf(entry) : undefined;
    if (credentials === "damaged") {
      throw new CredentialFileUnusable(`${file}: the credentials for ${key} cannot be read`);
    }
    if (credentials !== undefined) return { key, credentials };
  }
  return undefined;
}

/** The helper that keeps what belongs to a place, if one does. */
export function helperFor(content: JsonObject, place: string): string | undefined {
  for (const [, helper] of entriesFor(objectOf(content, "credHelpers"), place)) {
    if (typeof helper === "string" && helper !== "") return helper;
  }
  return textOf(content, "credsStore");
}

/** What a helper gave. */
export function fromHelper(name: string, secret: string): Credentials {
  if (name === IDENTITY_TOKEN_NAME) return { kind: "identity-token", token: secret };
  return { kind: "password", name, password: secret };
}

/** The hosts and places that have an entry. */
export function keysOf(content: JsonObject): readonly string[] {
  return Object.keys(objectOf(content, "auths"));
}

/** Whether a key stands for a whole server and no part of it, however it is written. */
export function isKeyOf(host: string, key: string): boolean {
  return placeOf(key) === host;
}

/** The host that a key belongs to. */
export function hostOf(key: string): string {
  return placeOf(key).split("/")[0] ?? "";
}

/**
 * With an entry for a server. What else the entry holds stays.
 * @param credentials `undefined`: a helper keeps them, and the entry only says that they are there.
 */
export function withEntry(
  content: JsonObject,
  host: string,
  credentials: NamedCredentials | undefined,
): JsonObject {
  const auths = objectOf(content, "auths");
  const { auth, identitytoken, registrytoken, username, password, ...rest } = objectOf(auths, host);
  void [auth, identitytoken, registrytoken, username, password];
  const held = credentials === undefined ? {} : heldAs(credentials);
  return { ...content, auths: { ...auths, [host]: { ...rest, ...held } } };
}

/** Without these entries; the same object when there are none of them. */
export function withoutEntries(content: JsonObject, keys: readonly string[]): JsonObject {
  const auths = Object.entries(objectOf(content, "auths"));
  const left = auths.filter(([key]) => !keys.includes(key));
  return left.length === auths.length ? content : { ...content, auths: Object.fromEntries(left) };
}

/** What a login keeps. With an identity token the password need not be kept. */
export interface NamedCredentials {
  readonly name: string;
  readonly secret:
    | { readonly kind: "password"; readonly password: string }
    | { readonly kind: "identity-token"; readonly token: string };
}

function heldAs({ name, secret }: NamedCredentials): JsonObject {
  const password = secret.kind === "password" ? secret.password : "";
  const auth = Buffer.from(`${name}:${password}`).toString("base64");
  return secret.kind === "password" ? { auth } : { auth, identitytoken: secret.token };
}

/** Best first: those that name more of the path, and of equals the one that is written plainly. */
function entriesFor(table: JsonObject, place: string): readonly (readonly [string, unknown])[] {
  const covering = Object.entries(table).filter(([key]) => {
    const covered = placeOf(key);
    return covered !== "" && (place === covered || place.startsWith(`${covered}/`));
  });
  const rank = (key: string): number => placeOf(key).length * 2 + (placeOf(key) === key ? 1 : 0);
  return covering.toSorted(([one], [other]) => rank(other) - rank(one));
}

/** Keys that are URLs come from times when there were no places but servers. */
function placeOf(key: string): string {
  const [, scheme, rest = ""] = /^(https?:\/\/)?(.*?)\/*$/i.exec(key) ?? [];
  const [host = "", ...path] = rest.split("/");
  const isServer = scheme !== undefined || /^v[12]$/.test(path.join("/"));
  return [host.toLowerCase(), ...(isServer ? [] : path)].join("/");
}

function credentialsOf(entry: JsonObject): Credentials | "damaged" | undefined {
  const identityToken = textOf(entry, "identitytoken");
  if (identityToken !== undefined) return { kind: "identity-token", token: identityToken };
  const registryToken = textOf(entry, "registrytoken");
  if (registryToken !== undefined) return { kind: "registry-token", token: registryToken };
  const auth = textOf(entry, "auth");
  if (auth !== undefined) return fromBasic(auth);
  const [name, password] = [textOf(entry, "username"), textOf(entry, "password")];
  if (name === undefined || password === undefined) return undefined;
  return { kind: "password", name, password };
}

/** Some programs have padded the text with zero bytes. */
function fromBasic(auth: string): Credentials | "damaged" {
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon <= 0 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth.trim())) return "damaged";
  return { kind: "password", name: text.slice(0, colon), password: text.slice(colon + 1) };
}
