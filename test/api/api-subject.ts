import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import { createApi } from "../../src/api/api.ts";
import type { ApiDeps } from "../../src/api/api-deps.ts";
import type { ApiBindings, ApiEnvironment } from "../../src/api/request.ts";
import type { Caller } from "../../src/auth/access.ts";
import type { Action } from "../../src/auth/action.ts";
import { bearerChallenge } from "../../src/auth/challenge.ts";
import { CredentialsRefused } from "../../src/auth/errors.ts";
import { ANONYMOUS, displayName, type Identity } from "../../src/auth/identity.ts";
import { createRobotRecords, type RobotRecords } from "../../src/auth/robots/robot-records.ts";
import { createRules } from "../../src/auth/rules/rules.ts";
import { type ContentStore, createContentStore } from "../../src/content/content-store.ts";
import type { RegistryEvent } from "../../src/events/event.ts";
import { openAuditLog } from "../../src/observability/audit-log.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

export const ORIGIN = "https://registry.example.com";

/**
 * Whoever asks in tests. `anybody` is who asks an open registry; `nameless` has a token that another server
 * made out to nobody; `local` comes by the socket.
 */
export const WHO = [
  "anonymous",
  "anybody",
  "bob",
  "alice",
  "ci",
  "job",
  "outsider",
  "nameless",
  "admin",
  "local",
] as const;
export type Who = (typeof WHO)[number];

const RIGHTS: Readonly<Partial<Record<Who, readonly Action[]>>> = {
  anybody: ["pull", "push", "overwrite", "delete"],
  nameless: ["pull", "push", "overwrite", "delete", "admin"],
  outsider: ["pull", "push", "overwrite", "delete"],
  alice: ["admin"],
  bob: ["pull", "push", "overwrite", "delete"],
};

const LACKS: Readonly<Partial<Record<Who, Caller["lack"]>>> = {
  anonymous: "challenge",
  outsider: "scope",
  nameless: "scope",
};

function identityOf(who: Who): Identity {
  if (who === "anonymous" || who === "anybody" || who === "local") return ANONYMOUS;
  if (who === "ci") return { kind: "robot", name: "ci" };
  const groups = who === "alice" ? ["cert"] : [];
  if (who !== "job") return { kind: "user", name: who === "nameless" ? "" : who, groups };
  return { kind: "workload", issuer: "github", subject: "repo:x", claims: {}, groups: ["g"] };
}

function callerOf(who: Who): Caller {
  const identity = identityOf(who);
  const isAdmin = who === "admin" || who === "local";
  return {
    identity,
    name: displayName(identity),
    may: (action) => isAdmin || RIGHTS[who]?.includes(action) === true,
    maySeeBelow: () => true,
    mayList: true,
    seesAll: isAdmin,
    isAdmin,
    lack: LACKS[who] ?? "denied",
  };
}

interface AskOptions {
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: string | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
  /** Thrown in place of a caller. */
  readonly refusal?: Error;
}

export interface TestedApi {
  readonly api: Hono<ApiEnvironment>;
  readonly ask: (who: Who, path: string, options?: AskOptions) => Promise<Response>;
  readonly content: ContentStore;
  readonly driver: StorageDriver;
  readonly robots: RobotRecords;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  readonly events: readonly RegistryEvent[];
  /** The text of the audit log. */
  readonly auditText: () => Promise<string>;
  /** Its entries. */
  readonly audited: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** An API on a store in memory. */
export async function openApi(
  resources: AsyncDisposableStack,
  changes: Partial<ApiDeps> = {},
): Promise<TestedApi> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-api-")));
  const path = join(folder.path, "audit.jsonl");
  const [log, clock, driver] = [new RecordingLogger(), new FakeClock(), new InMemoryDriver()];
  const audit = resources.use(await openAuditLog({ path, log, clock }));
  const robots = resources.use(createRobotRecords({ driver, clock, log, configured: {} }));
  const content = await createContentStore({
    driver,
    log,
    validation: { disabled: false, urls: undefined, indexes: undefined },
    tagConcurrency: 4,
    hashing: INLINE_HASHING,
    hashStaged: () => Promise.reject(new Error("nothing here has to be hashed again")),
  });
  const events: RegistryEvent[] = [];
  const api = createApi({
    access: {
      challenge: ({ origin, needed, error }) =>
        bearerChallenge({ realm: `${origin}/auth/token`, service: "test", needed, error }),
    },
    robots,
    audit,
    events: { publish: (event) => void events.push(event) },
    removal: content.removal,
    isDeleteEnabled: true,
    rules: createRules(RULES),
    groups: RULES.groups,
    keys: { rotate: async ({ revoke = false } = {}) => rotated(revoke) },
    clock,
    log,
    version: "1.2.3",
    prefix: "/",
    stopping: new AbortController().signal,
    ...changes,
  });
  const auditText = (): Promise<string> => readFile(path, "utf8");
  return {
    api,
    content,
    driver,
    robots,
    clock,
    log,
    events,
    auditText,
    ask: (who, at, options) => ask(api, { who, path: at, ...options }),
    async audited() {
      const lines = (await auditText()).split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line));
    },
  };
}

const RULES = {
  groups: { dev: ["alice", "bob"], ops: ["alice"] },
  access: [
    {
      subjects: [{ kind: "group", name: "dev" }],
      repositories: ["team/**"],
      actions: ["pull"],
    },
    {
      subjects: [{ kind: "robot", name: "ci" }],
      repositories: ["team/app"],
      actions: ["push"],
    },
    {
      subjects: [
        { kind: "claims", issuer: "github", claims: { sub: ["repo:team/*"], ref: ["main"] } },
      ],
      repositories: ["team/app"],
      actions: ["overwrite"],
    },
    {
      subjects: [{ kind: "group", name: "g" }],
      repositories: ["jobs/**"],
      actions: ["pull"],
    },
  ],
} as const;

/** Of the newest key; only the one before it is not revoked. */
function rotated(isRevoked: boolean): {
  readonly kid: string;
  readonly createdAt: Date;
  readonly retired: readonly { kid: string; retiredAt: Date; acceptedUntil: Date }[];
} {
  const at = new Date("2026-01-02T03:04:05.678Z");
  const retired = isRevoked ? [] : [{ kid: "old", retiredAt: at, acceptedUntil: at }];
  return { kid: "new", createdAt: at, retired };
}

async function ask(
  api: Hono<ApiEnvironment>,
  {
    who,
    path,
    method = "GET",
    json,
    body,
    headers = {},
    refusal,
  }: AskOptions & { who: Who; path: string },
): Promise<Response> {
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  const sent = json === undefined ? body : JSON.stringify(json);
  const all = { "User-Agent": "test/1", ...type, ...headers };
  const init: RequestInit = { method, headers: all, duplex: "half" };
  if (sent !== undefined) init.body = sent;
  return await api.request(`/api/v1${path}`, init, bindingsOf(who, refusal));
}

export function bindingsOf(who: Who, refusal?: Error): ApiBindings {
  return {
    id: `request of ${who}`,
    shown: {
      authorization: `Basic ${Buffer.from("mallory:canary-password").toString("base64")}`,
      address: "192.0.2.7",
      certificate: undefined,
    },
    origin: ORIGIN,
    identify() {
      if (refusal !== undefined) throw refusal;
      return callerOf(who);
    },
    isLocal: who === "local",
  };
}

/** The document that was answered; tests say what is in it. */
export async function told<Document>(answer: Response): Promise<Document> {
  return (await answer.json()) as Document;
}

/** The first error that was answered. */
export async function toldError(
  answer: Response,
): Promise<{ readonly code: string; readonly message: string; readonly detail?: unknown }> {
  const [error] = (await told<{ errors: { code: string; message: string }[] }>(answer)).errors;
  return error ?? { code: "none", message: "" };
}

export const WRONG_PASSWORD = new CredentialsRefused("wrong password of mallory");
