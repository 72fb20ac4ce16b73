/** The shapes of the API, from which requests are read and its description is made. */
import { z } from "zod";
import { ACTIONS } from "../auth/action.ts";
import { AUDIT_ACTIONS, AUDIT_LINE } from "../observability/audit-entry.ts";
import { repositoryPatternProblem } from "../oci/repository-pattern.ts";

const MOMENT = z.iso.datetime({ offset: true });
/** As it is answered: always in UTC. */
const TOLD_MOMENT = z.iso.datetime();
/** Text with the year in four digits goes no further, and records are text. */
const LAST_MOMENT = new Date("9999-12-31T23:59:59Z");
const AS_DATE = MOMENT.transform((text) => new Date(text)).refine(
  (date) => date <= LAST_MOMENT,
  "not after 9999-12-31T23:59:59Z",
);

const MAX_RIGHTS = 100;
const MAX_PATTERNS = 100;

const PATTERN = z
  .string()
  .superRefine((pattern, context) => {
    const problem = repositoryPatternProblem(pattern);
    if (problem !== undefined)
      context.addIssue({ code: "custom", message: `the pattern ${problem}` });
  })
  .describe("Pattern of repository names: * for any characters but /, ** for any characters.");

const RIGHT = z.strictObject({
  repositories: z.array(PATTERN).min(1).max(MAX_PATTERNS),
  actions: z.array(z.enum(ACTIONS)).min(1).max(ACTIONS.length),
});

const ROBOT_NAME = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    "lower-case letters, digits and -_. behind a letter or digit",
  );

export const NEW_ROBOT = z.strictObject({
  name: ROBOT_NAME,
  rights: z.array(RIGHT).max(MAX_RIGHTS).describe("Beside those that rules give it."),
  expiresAt: AS_DATE.optional().describe("Left out: it never expires."),
});

export const NEW_ADMIN = z.strictObject({ name: ROBOT_NAME.default("admin") });

export const ROBOT = z.strictObject({
  name: z.string(),
  username: z.string().describe("What it logs in with."),
  rights: z.array(
    z.strictObject({ repositories: z.array(z.string()), actions: z.array(z.enum(ACTIONS)) }),
  ),
  createdAt: TOLD_MOMENT,
  createdBy: z.string(),
  expiresAt: TOLD_MOMENT.nullable().describe("null: never."),
  lastUsedAt: TOLD_MOMENT.nullable().describe("To the minute; null: never."),
});

export const ROBOTS = z.strictObject({ robots: z.array(ROBOT) });

export const MADE_ROBOT = ROBOT.extend({
  secret: z.string().describe("Its password, told only here and now."),
});

export const CALLER = z.strictObject({
  name: z.string(),
  kind: z.enum(["user", "robot", "workload", "operator"]),
  groups: z.array(z.string()),
  isAdmin: z.boolean(),
});

export const ACCESS_QUERY = z.strictObject({
  subject: z
    .string()
    .min(1)
    .max(512)
    .describe("anonymous, authenticated, user:NAME, group:NAME, robot:NAME or claims:ISSUER."),
  repository: z.string().max(512),
  claim: z
    .array(z.string().regex(/^[^=]+=/, "NAME=VALUE"))
    .max(50)
    .optional()
    .describe("NAME=VALUE, for subjects that are claims; may come more than once."),
});

export const ACCESS = z.strictObject({
  subject: z.string(),
  repository: z.string(),
  actions: z.array(
    z.strictObject({
      action: z.enum(ACTIONS),
      allowed: z.boolean(),
      rule: z
        .int()
        .nullable()
        .describe(
          "Place in barge.access, from 1; null: none decides, or for administrators alone.",
        ),
      reason: z.string(),
    }),
  ),
});

const DEFAULT_ENTRIES = 1000;
const MAX_ENTRIES = 10_000;

export const AUDIT_QUERY = z.strictObject({
  since: AS_DATE.optional().describe("Not before."),
  until: AS_DATE.optional().describe("Before."),
  actor: z.string().optional(),
  repository: z.string().optional(),
  action: z.enum(AUDIT_ACTIONS).optional(),
  n: z
    .string()
    .regex(/^\d{1,5}$/, "a number")
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_ENTRIES))
    .default(DEFAULT_ENTRIES)
    .describe(`The newest so many, at most ${MAX_ENTRIES}; ${DEFAULT_ENTRIES} when left out.`),
});

export const AUDIT_ENTRY = AUDIT_LINE;

export const REMOVED = z.strictObject({
  repository: z.string(),
  tags: z.int(),
  manifests: z.int(),
  blobs: z.int(),
});

export const ROTATE = z.strictObject({
  revoke: z.boolean().default(false).describe("Whether all tokens that were given end now."),
});

export const ROTATED = z.strictObject({
  kid: z.string(),
  createdAt: TOLD_MOMENT,
  retired: z.array(
    z.strictObject({ kid: z.string(), retiredAt: TOLD_MOMENT, acceptedUntil: TOLD_MOMENT }),
  ),
});

export const ERRORS = z.strictObject({
  errors: z.array(
    z.strictObject({ code: z.string(), message: z.string(), detail: z.unknown().optional() }),
  ),
});
