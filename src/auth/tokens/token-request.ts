/**
 * What clients ask the token endpoint for, by GET or as a form. Pure.
 *
 * Spec: https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/, RFC 6749 section
 * 4.3 and 6, RFC 8693 section 2.1
 */
import { parseScopes, type RequestedScope } from "../scope.ts";

export interface TokenRequest {
  readonly grant: TokenGrant;
  /** What the client takes this registry for; `undefined` where it does not say. */
  readonly service: string | undefined;
  readonly scopes: readonly RequestedScope[];
  /** Whether it wants a refresh token as well. */
  readonly isOffline: boolean;
}

/** How the client says who it is. */
export type TokenGrant =
  | { readonly kind: "header" }
  | { readonly kind: "password"; readonly name: string; readonly password: string }
  | { readonly kind: "refresh"; readonly token: string }
  | { readonly kind: "exchange"; readonly token: string };

/** The words of RFC 6749 section 5.2 for a request that makes no sense, whoever sends it. */
export type TokenRequestProblem = "invalid_request" | "unsupported_grant_type" | "invalid_target";

/** The request makes no sense; the message is for the client. */
export class TokenRequestRefused extends Error {
  readonly kind = "TokenRequestRefused";
  readonly problem: TokenRequestProblem;
  constructor(problem: TokenRequestProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export const EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";

const SUBJECT_TOKEN_TYPES: ReadonlySet<string> = new Set([
  "urn:ietf:params:oauth:token-type:jwt",
  "urn:ietf:params:oauth:token-type:id_token",
]);

/** The query of a GET; who asks stands in the header. @throws {TokenRequestRefused} */
export function parseTokenQuery(query: URLSearchParams): TokenRequest {
  return {
    grant: { kind: "header" },
    service: single(query, "service"),
    scopes: parseScopes(query.getAll("scope")),
    isOffline: single(query, "offline_token") === "true",
  };
}

/** The form of a POST. @throws {TokenRequestRefused} */
export function parseTokenForm(form: URLSearchParams): TokenRequest {
  return {
    grant: grantOf(form),
    service: single(form, "service"),
    scopes: parseScopes(form.getAll("scope")),
    isOffline: single(form, "access_type") === "offline",
  };
}

function grantOf(form: URLSearchParams): TokenGrant {
  const grantType = required(form, "grant_type");
  switch (grantType) {
    case "password":
      return {
        kind: "password",
        name: required(form, "username"),
        password: required(form, "password"),
      };
    case "refresh_token":
      return { kind: "refresh", token: required(form, "refresh_token") };
    case EXCHANGE_GRANT:
      return { kind: "exchange", token: subjectToken(form) };
    default:
      throw new TokenRequestRefused(
        "unsupported_grant_type",
        "grant_type must be password, refresh_token or token-exchange",
      );
  }
}

function subjectToken(form: URLSearchParams): string {
  if (!SUBJECT_TOKEN_TYPES.has(required(form, "subject_token_type"))) {
    throw invalid("subject_token_type must be that of a jwt or an id_token");
  }
  if (form.has("actor_token")) throw invalid("actor_token is not supported");
  return required(form, "subject_token");
}

function required(parameters: URLSearchParams, name: string): string {
  const value = single(parameters, name);
  if (value === undefined || value === "") throw invalid(`${name} is missing`);
  return value;
}

/** RFC 6749 section 3.2: no parameter but the scope may come twice. */
function single(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = parameters.getAll(name);
  if (more.length > 0) throw invalid(`${name} is there twice`);
  return value;
}

function invalid(message: string): TokenRequestRefused {
  return new TokenRequestRefused("invalid_request", message);
}
