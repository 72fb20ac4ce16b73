/**
 * The records of robots in the store, one small object each: `barge/auth/robots/<name>.json`, beside
 * `docker/`. When a robot was last used lies apart, in `barge/auth/robot-uses/<name>.json`: whoever
 * writes that down, however late and on whatever replica, cannot bring a revoked record back.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { JsonRefused, parseStrictJson } from "../../lib/strict-json.ts";
import { ACTIONS } from "../action.ts";
import { InvalidRobotName } from "./robot-errors.ts";
import type { Robot } from "../robots.ts";

export const ROBOTS_FOLDER = "barge/auth/robots";
const USES_FOLDER = "barge/auth/robot-uses";
const ENDING = ".json";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Lower-case letters, digits and `-_.` behind a letter or digit, at most 64 characters: fit for a key. */
export function isRobotName(text: string): boolean {
  return NAME.test(text);
}

/** @throws {InvalidRobotName} */
export function checkRobotName(text: string): void {
  if (!isRobotName(text)) throw new InvalidRobotName(text);
}

/** @param name must be one by {@link isRobotName}. */
export function robotKey(name: string): string {
  return `${ROBOTS_FOLDER}/${name}${ENDING}`;
}

export function robotUseKey(name: string): string {
  return `${USES_FOLDER}/${name}${ENDING}`;
}

/** The robot whose record is called so in its folder. @returns `undefined` for what is none. */
export function nameOfEntry(entry: string): string | undefined {
  if (!entry.endsWith(ENDING)) return undefined;
  const name = entry.slice(0, -ENDING.length);
  return isRobotName(name) ? name : undefined;
}

/** What is kept of a robot. When it was last used is told by {@link RobotUse}. */
export interface RobotRecord extends Omit<Robot, "lastUsedAt"> {
  /** 32 bytes. */
  readonly secretHash: Buffer;
}

/** When a robot last logged in, and which of those that ever had its name. */
export interface RobotUse {
  readonly fingerprint: string;
  readonly at: Date;
}

const FINGERPRINT_BYTES = 16;

export function newFingerprint(): string {
  return randomBytes(FINGERPRINT_BYTES).toString("base64url");
}

const MOMENT = z.iso.datetime();

const RECORD = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(NAME),
  rights: z.array(
    z.strictObject({ repositories: z.array(z.string()), actions: z.array(z.enum(ACTIONS)) }),
  ),
  createdAt: MOMENT,
  createdBy: z.string(),
  expiresAt: MOMENT.nullable(),
  fingerprint: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const USE = z.strictObject({ version: z.literal(1), fingerprint: z.string(), at: MOMENT });

export function formatRobotRecord(record: RobotRecord): Buffer {
  const document: Record<keyof z.input<typeof RECORD>, unknown> = {
    version: 1,
    name: record.name,
    rights: record.rights,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    expiresAt: record.expiresAt ?? null,
    fingerprint: record.fingerprint,
    secretSha256: record.secretHash.toString("hex"),
  };
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

/** @returns `undefined` for what is no record of that robot, or one of a later version: rights are not guessed at. */
export function parseRobotRecord(name: string, bytes: Uint8Array): RobotRecord | undefined {
  const found = RECORD.safeParse(jsonOf(bytes)).data;
  if (found === undefined || found.name !== name) return undefined;
  const { rights, createdBy, fingerprint } = found;
  return {
    name,
    rights,
    createdBy,
    fingerprint,
    createdAt: new Date(found.createdAt),
    expiresAt: found.expiresAt === null ? undefined : new Date(found.expiresAt),
    secretHash: Buffer.from(found.secretSha256, "hex"),
  };
}

export function formatRobotUse({ fingerprint, at }: RobotUse): Buffer {
  return Buffer.from(`${JSON.stringify({ version: 1, fingerprint, at: at.toISOString() })}\n`);
}

/** @returns `undefined` for what is none. */
export function parseRobotUse(bytes: Uint8Array): RobotUse | undefined {
  const found = USE.safeParse(jsonOf(bytes)).data;
  return found && { fingerprint: found.fingerprint, at: new Date(found.at) };
}

const LIMITS = { maxDepth: 8, maxValues: 10_000 };

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(Buffer.from(bytes).toString(), LIMITS);
  } catch (error) {
    if (error instanceof JsonRefused) return undefined;
    throw error;
  }
}
