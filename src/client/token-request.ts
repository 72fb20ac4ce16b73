/**
 * Tokens of a registry's token server.
 *
 * Protocol: https://distribution.github.io/distribution/spec/auth/token/ and .../spec/auth/oauth/
 */
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./credential-entries.ts";
import { Denied, Refused } from "./errors.ts";
import { parseJsonObject, textOf } from "./json-object.ts";
import { failureOf } from "./server-failure.ts";
import { parseRealm, type RealmRules } from "./token-realm.ts";
import type { Transport, WholeAnswer } from "./transport.ts";

export interface TokenRequest extends RealmRules {
  readonly transport: Transport;
  readonly challenge: Challenge;
  readonly credentials: Exclude<Credentials, { readonly kind: "registry-token" }>;
  /** Whether an identity token is asked for beside. */
  readonly wantsIdentityToken: boolean;
  readonly signal: AbortSignal;
}

export interface Tokens {
  readonly access: string;
  /** Only where it was asked for, and the server gives such. */
  readonly identity: string | undefined;
}

/** What token servers are told of who asks. */
const CLIENT_ID = "barge";

/**
 * @throws {RealmRefused} before anything is sent; {Denied} {TryLater} {Unreachable} {Refused}
 */
export async function requestTokens(request: TokenRequest): Promise<Tokens> {
  const realm = parseRealm(request.challenge.parameters.get("realm"), request);
  const { credentials } = request;
  const answer =
    credentials.kind === "password"
      ? await getToken(realm, credentials, request)
      : await postToken(realm, credentials.token, request);
  return tokensOf(answer, realm, request);
}

async function getToken(
  realm: URL,
  { name, password }: { readonly name: string; readonly password: string },
  { transport, challenge, wantsIdentityToken, signal }: TokenRequest,
): Promise<WholeAnswer> {
  const url = new URL(realm);
  const service = challenge.parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("account", name);
  url.searchParams.set("client_id", CLIENT_ID);
  if (wantsIdentityToken) url.searchParams.set("offline_token", "true");
  const headers = { authorization: basicAuthorization(name, password) };
  return await transport.ask(url, { headers, signal });
}

async function postToken(
  realm: URL,
  identityToken: string,
  { transport, challenge, signal }: TokenRequest,
): Promise<WholeAnswer> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service: challenge.parameters.get("service") ?? "",
    client_id: CLIENT_ID,
    refresh_token: identityToken,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return await transport.ask(realm, { method: "POST", headers, body: form.toString(), signal });
}

/** The header of a name and a password. */
export function basicAuthorization(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

function tokensOf(answer: WholeAnswer, realm: URL, request: TokenRequest): Tokens {
  const { registry, credentials } = request;
  const { status, text } = answer;
  const server = realm.host === registry.host ? realm.host : `the token server ${realm.host}`;
  if (status !== 200) {
    // To a form that holds an identity token, 400 is the answer to a bad one (RFC 6749 section 5.2).
    const isWrong = status === 401 || (status === 400 && credentials.kind === "identity-token");
    throw failureOf(isWrong ? { ...answer, status: 401 } : answer, {
      server,
      next: whatNext(request),
    });
  }
  const body = parseJsonObject(text) ?? {};
  const access = textOf(body, "token") ?? textOf(body, "access_token");
  if (access === undefined) throw new Refused(`${server} gave no token`);
  if (!/^[\x21-\x7e]+$/.test(access)) throw new Denied(`the token of ${realm.host} is none`);
  return { access, identity: textOf(body, "refresh_token") };
}

/** Whoever logs in has just typed the password; another time it was kept, and may be an old one. */
function whatNext({ credentials, wantsIdentityToken, registry }: TokenRequest): string {
  const isTyped = credentials.kind === "password" && wantsIdentityToken;
  return isTyped ? "are name and password right?" : `log in anew: barge login ${registry.host}`;
}
