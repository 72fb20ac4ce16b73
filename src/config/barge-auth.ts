import { z } from "zod";
import { isLoopbackHost } from "../lib/loopback.ts";
import {
  accountNameProblem,
  issuerNameProblem,
  robotNameProblem,
  userNameProblem,
} from "./account-names.ts";
import type { AttemptsConfig, ConfiguredRobot, WorkloadIssuerConfig } from "./config.ts";
import { headerText, limitedDuration, oneOrMore, parseHttpUrl, text } from "./leaves.ts";
import { SECRET, SHORTHAND } from "./schema-marks.ts";
import { Secret } from "./secret.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** So many that nobody guesses it: it is hashed once, not slowly. */
const LEAST_SECRET_CHARACTERS = 16;

const MOST_ATTEMPTS = 100_000;

const userName = z.string().superRefine((name, context) => {
  const problem = userNameProblem(name);
  if (problem !== undefined) context.addIssue(`is a name which ${problem}`);
});

const groupsSchema = namedBy(accountNameProblem, oneOrMore(userName, "a user"))
  .default({})
  .describe("Groups: each name with the list of its users.");

const robotSchema = z.strictObject({
  secret: z
    .string()
    .min(LEAST_SECRET_CHARACTERS, `is too short: at least ${LEAST_SECRET_CHARACTERS} characters`)
    .meta({ [SECRET]: true })
    .describe("What the robot logs in with, as the user `robot+NAME`. Required."),
});

const robotsSchema = namedBy(robotNameProblem, robotSchema)
  .default({})
  .describe("Robots whose secrets are given here; their rights are those of `barge.access`.");

const issuerSchema = z.strictObject({
  issuer: z
    .string()
    .refine(isSafeUrl, "must be a URL of https (or of http on a loopback address)")
    .describe(
      "What tokens have as `iss`, to the byte, such as `https://token.actions.githubusercontent.com`. Required.",
    ),
  audience: oneOrMore(z.string(), "an audience, such as the address of this registry").describe(
    "What tokens must have in `aud`: one of these. Required.",
  ),
  jwks: text().describe(
    "File or URL of the issuer's keys, a JWK Set. Default: found by OpenID Connect Discovery.",
  ),
  ca: text().describe(
    "PEM file of the authorities of the issuer's certificate. Default: those of the system.",
  ),
  groups: text().describe(
    "Claim that holds the names of groups, which rules name as `group:ISSUER:NAME`. Default: none.",
  ),
  maxTokenAge: limitedDuration("1h", { minMs: MINUTE_MS, maxMs: DAY_MS }).describe(
    "Time from `iat` after which a token is refused, from 1m to 24h.",
  ),
});

const issuersSchema = namedBy(issuerNameProblem, issuerSchema)
  .superRefine((issuers, context) => {
    for (const [name, twin] of twins(issuers)) {
      const message = `is the issuer of ${twin} already; write one issuer with both audiences`;
      context.addIssue({ code: "custom", path: [name, "issuer"], message });
    }
  })
  .default({})
  .describe("Systems whose jobs log in by tokens of their own, with no stored secret.");

const attempt = (preset: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1, "must be at least 1").max(MOST_ATTEMPTS).default(preset);

const attemptsSchema = z
  .strictObject({
    perAddress: attempt(30).describe(
      "Wrong passwords of one address within a minute, beyond which its requests with a password are answered 429.",
    ),
    perAccount: attempt(10).describe("The same, of one address for one account."),
  })
  .prefault({})
  .describe("How many wrong passwords are borne.");

/** `barge.auth:` `open`, or a map. Which of the two it is, {@link isOpen} says. */
export const bargeAuthSchema = z
  .strictObject({
    open: z
      .unknown()
      .optional()
      .describe(
        "`auth: open` says that whoever reaches the registry may do everything but administer, and that this is meant.",
      ),
    users: text().describe(
      "File of users and bcrypt hashes, as `htpasswd -B` writes it. Default: `auth.htpasswd.path`, where it is set.",
    ),
    key: text()
      .meta({ [SECRET]: true })
      .describe(
        "Private keys of EC P-256 in PEM, the first of which signs tokens, with their certificates. Required with storage on S3; for several replicas give all the same. Default: made at first start below `barge.state.directory`.",
      ),
    groups: groupsSchema,
    robots: robotsSchema,
    issuers: issuersSchema,
    service: headerText().default("barge").describe("What tokens have as `aud`."),
    issuer: headerText().default("barge").describe("What tokens have as `iss`."),
    tokenLifetime: limitedDuration("5m", { minMs: MINUTE_MS, maxMs: HOUR_MS }).describe(
      "How long a token holds, from 1m to 1h. Rights are looked up for each request all the same.",
    ),
    refreshTokenLifetime: limitedDuration("2160h", {
      minMs: HOUR_MS,
      maxMs: 366 * DAY_MS,
    }).describe("How long a refresh token holds, from 1h to 8784h."),
    attempts: attemptsSchema,
  })
  .optional()
  .describe("Barge's own users, robots, tokens and, with `barge.access`, rules; or `open`.")
  .meta({ [SHORTHAND]: true });

export type BargeAuthSection = z.output<typeof bargeAuthSchema>;
export type BargeAuthMap = NonNullable<BargeAuthSection>;

export function isOpen(auth: BargeAuthSection): boolean {
  return auth !== undefined && "open" in auth;
}

export function toGroups({
  groups,
}: Pick<BargeAuthMap, "groups">): Readonly<Record<string, readonly string[]>> {
  return mapValues(groups, (users) => users);
}

export function toRobots({
  robots,
}: Pick<BargeAuthMap, "robots">): Readonly<Record<string, ConfiguredRobot>> {
  return mapValues(robots, ({ secret }) => ({ secret: new Secret(secret) }));
}

export function toIssuers({
  issuers,
}: Pick<BargeAuthMap, "issuers">): Readonly<Record<string, WorkloadIssuerConfig>> {
  return mapValues(issuers, (one) => ({
    issuer: one.issuer,
    audience: one.audience,
    jwks: one.jwks,
    ca: one.ca,
    groupsClaim: one.groups,
    maxTokenAgeMs: one.maxTokenAge,
  }));
}

export function toAttempts({ attempts }: Pick<BargeAuthMap, "attempts">): AttemptsConfig {
  return { perAddress: attempts.perAddress, perAccount: attempts.perAccount };
}

/** A map with names as keys. */
function namedBy<Value extends z.ZodType>(
  problemOf: (name: string) => string | undefined,
  value: Value,
): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value).superRefine((entries, context) => {
    for (const name of Object.keys(entries)) {
      const problem = problemOf(name);
      if (problem === undefined) continue;
      context.addIssue({ code: "custom", path: [name], message: `is a name which ${problem}` });
    }
  });
}

/** Without a prototype: a name may be any word. */
function mapValues<From, To>(
  entries: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> {
  const changed = Object.fromEntries(
    Object.entries(entries).map(([name, value]) => [name, change(value)] as const),
  );
  Object.setPrototypeOf(changed, null);
  return changed;
}

/** Each issuer that another one before it has the same URL as, with the name of that one. */
function* twins(
  issuers: Readonly<Record<string, { readonly issuer: string }>>,
): Generator<readonly [string, string]> {
  const names = new Map<string, string>();
  for (const [name, { issuer }] of Object.entries(issuers)) {
    const before = names.get(issuer);
    if (before !== undefined) yield [name, before];
    names.set(issuer, name);
  }
}

function isSafeUrl(value: string): boolean {
  const url = parseHttpUrl(value);
  if (url === undefined) return false;
  return url.protocol === "https:" || isLoopbackHost(url.hostname);
}
