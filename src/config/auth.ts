/** `auth:` as the reference registry has it. What Barge has beyond it stands below `barge.auth`. */
import { z } from "zod";
import type { AuthConfig } from "./config.ts";
import { EVEN_IF_PARTS_ARE_WRONG, flag, headerText, parseHttpUrl, text } from "./leaves.ts";
import { suggestion } from "./nearest.ts";
import { SHORTHAND } from "./schema-marks.ts";
import { isText } from "./value-at.ts";

const TYPES = ["htpasswd", "token", "silly", "none"] as const;

/**
 * Of JWA (RFC 7518, RFC 8037): each is bound to the kind of key by whoever verifies. `none` is never among
 * them.
 */
const SIGNING_ALGORITHMS = [
  "EdDSA",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
  "HS256",
  "HS384",
  "HS512",
] as const;

const htpasswdSchema = z
  .object({
    realm: headerText().describe("Realm that clients are told. Required."),
    path: z
      .string()
      .describe(
        "File of users and bcrypt hashes, as `htpasswd -B` writes it; read again when it changes. Required.",
      ),
  })
  .optional()
  .describe("Users of a file, each of whom may do everything but administer.");

const sillySchema = z
  .object({
    realm: headerText().describe("Realm that clients are told. Required."),
    service: headerText().describe("Service that clients are told. Required."),
  })
  .optional()
  .describe("For tests only: whoever sends an `Authorization` header may do everything.");

const tokenSchema = z
  .object({
    realm: headerText()
      .optional()
      .describe("URL of the token server. Required unless `autoredirect` makes it."),
    service: headerText().describe("What tokens must have in `aud`. Required."),
    issuer: z.string().describe("What tokens must have as `iss`. Required."),
    rootcertbundle: text().describe(
      "PEM file of certificates whose keys sign tokens, or whose authorities vouch for those that do. Required unless `jwks` is set.",
    ),
    jwks: text().describe("JSON file of the keys that sign tokens, as a JWK Set."),
    autoredirect: flag(false).describe(
      "Makes the realm of the address that the client used, and `autoredirectpath`.",
    ),
    autoredirectpath: z
      .string()
      .startsWith("/", "must begin with /, such as /auth/token")
      .default("/auth/token")
      .describe("Path of the token server below that address."),
    signingalgorithms: z
      .array(z.enum(SIGNING_ALGORITHMS))
      .default([])
      .describe(
        `Algorithms that tokens may be signed with: ${SIGNING_ALGORITHMS.join(", ")}. Default: all that fit the keys.`,
      ),
  })
  .superRefine((token, context) => {
    const report = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    if (token.rootcertbundle === undefined && token.jwks === undefined) {
      report("rootcertbundle", "is missing: name the keys of the token server here or in jwks");
    }
    if (token.autoredirect === true) return;
    if (token.realm === undefined) {
      report("realm", "is missing: name the URL of the token server, or set autoredirect");
    } else if (isText(token.realm) && parseHttpUrl(token.realm) === undefined) {
      report(
        "realm",
        "must be the URL of the token server, such as https://auth.example.com/token",
      );
    }
  }, EVEN_IF_PARTS_ARE_WRONG)
  .optional()
  .describe("Tokens of another server say what their bearers may do.");

/** `auth:` At most one type; one that nobody has heard of must not leave the registry open. */
export const authSchema = z
  .object({
    htpasswd: htpasswdSchema,
    token: tokenSchema,
    silly: sillySchema,
    none: z
      .unknown()
      .optional()
      .describe(
        "Whoever reaches the registry may do everything but administer, as without this section.",
      ),
  })
  .catchall(z.unknown())
  .superRefine((auth, context) => {
    const types = Object.keys(auth);
    const unknown = types.filter((type) => !TYPES.some((known) => known === type));
    for (const type of unknown) {
      const message = `is not a type of authentication (${TYPES.join(", ")})${suggestion(type, TYPES)}`;
      context.addIssue({ code: "custom", path: [type], message });
    }
    if (types.length < 2) return;
    context.addIssue(
      `names more than one type (${types.join(", ")}); leave one. REGISTRY_AUTH=NAME replaces the whole section`,
    );
  }, EVEN_IF_PARTS_ARE_WRONG)
  .optional()
  .describe("Who may use the registry, in the ways of the reference registry: at most one.")
  .meta({ [SHORTHAND]: true });

export type AuthSection = z.output<typeof authSchema>;

/** Of {@link authSchema} alone, without what stands below `barge:`. */
export function toReferenceAuth(auth: AuthSection): AuthConfig {
  if (auth?.htpasswd !== undefined) return { kind: "htpasswd", ...auth.htpasswd };
  if (auth?.silly !== undefined) return { kind: "silly", ...auth.silly };
  if (auth?.token === undefined) return { kind: "open", isMeant: false };
  const { token } = auth;
  return {
    kind: "token",
    realm: token.realm ?? "",
    service: token.service,
    issuer: token.issuer,
    rootCertBundle: token.rootcertbundle,
    jwks: token.jwks,
    autoRedirect: token.autoredirect,
    autoRedirectPath: token.autoredirectpath,
    signingAlgorithms: token.signingalgorithms,
  };
}
