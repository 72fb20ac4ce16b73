/** A line of the audit log: who did what, from where, and what it was before and after. */
import { z } from "zod";
import { escapeJson } from "./quote.ts";
import { REDACTED, redactText } from "./redaction.ts";

/** The closed list of what is written down. */
export const AUDIT_ACTIONS = [
  "push",
  "overwrite",
  "tag",
  "untag",
  "delete",
  "mount",
  "pull",
  "repository-delete",
  "login-failed",
  "denied",
  "token",
  "robot-create",
  "robot-revoke",
  "key-rotate",
  "admin-init",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** How somebody was known; `operator`: by the socket in the state directory. */
export const AUDIT_IDENTITIES = ["anonymous", "user", "robot", "workload", "operator"] as const;
export type AuditIdentity = (typeof AUDIT_IDENTITIES)[number];

/** `refused`: they may not. `failed`: it was tried, and may be done in part. */
export const AUDIT_OUTCOMES = ["done", "refused", "failed"] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Has no place for a secret. Texts that clients choose are cut and cleaned when they are written. */
export interface AuditEntry {
  readonly at: Date;
  /** The display name; empty for the anonymous. Of a login that failed, the name that was tried. */
  readonly actor: string;
  readonly identity: AuditIdentity;
  /** The client's, without a port, as far as trusted proxies tell it. */
  readonly address: string;
  readonly action: AuditAction;
  readonly repository?: string | undefined;
  /** What it was done to: a tag, a digest, the name of a robot, the id of a key. */
  readonly reference?: string | undefined;
  /** Digests: what a tag pointed to, and points to now. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly requestId: string;
  readonly outcome: AuditOutcome;
  readonly userAgent?: string | undefined;
  /**
   * The line stands for so many that were left out of the last minute, of one action. `address` is then a
   * network, or empty for all that have no line of their own, and nothing else is told of them.
   */
  readonly repeated?: number | undefined;
}

/** How entries look on the disk and in the API. Members that later versions add are passed over. */
export const AUDIT_LINE = z.object({
  at: z.iso.datetime(),
  actor: z.string(),
  identity: z.enum(AUDIT_IDENTITIES),
  address: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  repository: z.string().optional(),
  reference: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  requestId: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  userAgent: z.string().optional(),
  repeated: z
    .int()
    .optional()
    .describe(
      "Refusals of the last minute that this line stands for: too many to be written one by one.",
    ),
});

/** `at` stands first in every line: {@link parseAuditLine} finds by it where one begins. */
const BEGINNING = `{"at":"`;
const MAX_TEXT_LENGTH = 256;

/** Ends with a newline and holds no other. */
export function formatAuditLine(entry: AuditEntry): string {
  const line = {
    at: entry.at.toISOString(),
    actor: clean(entry.actor),
    identity: entry.identity,
    address: clean(entry.address),
    action: entry.action,
    repository: clean(entry.repository),
    reference: clean(entry.reference),
    before: clean(entry.before),
    after: clean(entry.after),
    requestId: clean(entry.requestId),
    outcome: entry.outcome,
    userAgent: clean(entry.userAgent),
    repeated: entry.repeated,
  };
  return escapeJson(`${JSON.stringify(line)}\n`);
}

/**
 * Of a line whose beginning a crash has cut off from its end, what another process wrote behind it.
 * @returns `undefined` for what is no entry.
 */
export function parseAuditLine(line: string): AuditEntry | undefined {
  const start = line.lastIndexOf(BEGINNING);
  if (start === -1) return undefined;
  const found = AUDIT_LINE.safeParse(jsonOf(line.slice(start))).data;
  return found && { ...found, at: new Date(found.at) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What people take for a user's name by mistake: secrets of robots, tokens. */
const SECRET_LIKE = /brg_[\w-]{8,}|eyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g;

function clean<Text extends string | undefined>(text: Text): Text | string {
  if (text === undefined) return text;
  // Redacted before the last cut, so that no cut hides from the patterns what makes a secret one.
  const known = redactText(text.slice(0, 16 * MAX_TEXT_LENGTH)).replaceAll(SECRET_LIKE, REDACTED);
  return known.length <= MAX_TEXT_LENGTH ? known : `${known.slice(0, MAX_TEXT_LENGTH)}...`;
}
