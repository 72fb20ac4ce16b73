/** Built-in access over fakes, with one of each kind of people. */
import { type BuiltInAccess, createBuiltInAccess } from "../../src/auth/built-in-access.ts";
import type { Shown } from "../../src/auth/access.ts";
import { CredentialsRefused, TooManyAttempts } from "../../src/auth/errors.ts";
import type { WorkloadIdentity } from "../../src/auth/identity.ts";
import type { AttemptGuard } from "../../src/auth/logins.ts";
import { createRules } from "../../src/auth/rules/rules.ts";
import { openSigningKeys, type SigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import type { TokenAnswer } from "../../src/auth/tokens/token-service.ts";
import { parseTokenForm, parseTokenQuery } from "../../src/auth/tokens/token-request.ts";
import type { AccessRuleConfig } from "../../src/config/config.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FixedRobots, FixedUsers } from "../fakes/fixed-accounts.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const MINUTE_MS = 60_000;

const CONFIG = {
  issuer: "barge",
  service: "registry.example",
  tokenLifetimeMs: 5 * MINUTE_MS,
  refreshTokenLifetimeMs: 90 * 1440 * MINUTE_MS,
} as const;

/**
 * Anybody pulls from `public/**`; alice owns `team/**`; bob pulls and pushes there, but moves no tag; root may
 * do everything; members of `ops` pull everywhere.
 */
const ACCESS: readonly AccessRuleConfig[] = [
  { subjects: [{ kind: "anonymous" }], repositories: ["public/**"], actions: ["pull"] },
  {
    subjects: [{ kind: "user", name: "alice" }],
    repositories: ["team/**"],
    actions: ["pull", "push", "overwrite", "delete"],
  },
  {
    subjects: [{ kind: "user", name: "bob" }],
    repositories: ["team/**"],
    actions: ["pull", "push"],
  },
  {
    subjects: [{ kind: "user", name: "root" }],
    repositories: ["**"],
    actions: ["pull", "push", "overwrite", "delete", "admin"],
  },
  { subjects: [{ kind: "group", name: "ops" }], repositories: ["**"], actions: ["pull"] },
  {
    subjects: [{ kind: "claims", issuer: "github", claims: { owner: ["org"] } }],
    repositories: ["org/**"],
    actions: ["pull", "push", "overwrite"],
  },
];

/** The one token of a job that the lab takes. */
export const JOB_TOKEN = "job.token.good";

const JOB: WorkloadIdentity = {
  kind: "workload",
  issuer: "github",
  subject: "repo:org/app",
  claims: { owner: "org" },
  groups: [],
};

/** Lets anybody try, but those of one address. */
export const BLOCKED_ADDRESS = "192.0.2.66";

export interface Lab {
  readonly access: BuiltInAccess;
  readonly keys: SigningKeys;
  readonly users: FixedUsers;
  readonly robots: FixedRobots;
  readonly clock: FakeClock;
  /** The accounts that were tried, one for each try. */
  readonly tries: string[];
  /** The addresses of what could not be tried, one for each. */
  readonly misses: string[];
}

/** Opens the lab at the second. */
export async function openLab(): Promise<Lab> {
  const clock = new FakeClock(new Date("2026-01-02T03:04:05.000Z"));
  const log = new RecordingLogger();
  const keys = await openSigningKeys({
    ...CONFIG,
    given: undefined,
    directory: undefined,
    clock,
    log,
  });
  const users = new FixedUsers({ alice: "a-pass", bob: "b-pass", root: "r-pass" });
  const robots = new FixedRobots();
  robots.add({ name: "ci", rights: [{ repositories: ["ci/**"], actions: ["pull", "push"] }] });
  const tries: string[] = [];
  const misses: string[] = [];
  const access = createBuiltInAccess(CONFIG, {
    users,
    robots,
    rules: createRules({ access: ACCESS, groups: {} }),
    attempts: guard(tries, misses),
    keys,
    workloads: {
      has: (name) => name === "github",
      verify: (token) =>
        token === JOB_TOKEN
          ? Promise.resolve(JOB)
          : Promise.reject(new CredentialsRefused("no such job")),
    },
    clock,
    log,
  });
  return { access, keys, users, robots, clock, tries, misses };
}

function guard(tries: string[], misses: string[]): AttemptGuard {
  return {
    miss: (address) => {
      if (address === BLOCKED_ADDRESS) throw new TooManyAttempts(7);
      misses.push(address);
    },
    run: async ({ address, account }, check) => {
      if (address === BLOCKED_ADDRESS) throw new TooManyAttempts(7);
      tries.push(account);
      return await check();
    },
  };
}

/** What a request shows. */
export function shown(parts: Partial<Shown> = {}): Shown {
  return { authorization: undefined, address: "192.0.2.1", certificate: undefined, ...parts };
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** A token by GET; `query` as in a URL. */
export async function getToken(
  { access }: Lab,
  query: string,
  parts: Partial<Shown> = {},
): Promise<TokenAnswer> {
  return await access.tokens.answer(parseTokenQuery(new URLSearchParams(query)), shown(parts));
}

/** A token by POST. */
export async function postForm(
  { access }: Lab,
  form: Readonly<Record<string, string>>,
  parts: Partial<Shown> = {},
): Promise<TokenAnswer> {
  return await access.tokens.answer(parseTokenForm(new URLSearchParams(form)), shown(parts));
}

/** The header that brings a new token of that user. */
export async function bearerOf(lab: Lab, name: string, password: string): Promise<string> {
  const { token } = await getToken(lab, "", { authorization: basic(name, password) });
  return `Bearer ${token}`;
}
