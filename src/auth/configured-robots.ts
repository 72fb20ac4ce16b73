/** Robots of the config: their rights are those that rules give them, and only the config takes them away. */
import { createHash } from "node:crypto";
import type { ConfiguredRobot } from "../config/config.ts";
import type { RobotRecord } from "./robot-record.ts";
import { hashSecret } from "./robot-secret.ts";

/** Stands where others name who made them. */
export const CREATED_BY_CONFIG = "config";

/** @param now when the config was read: nobody knows when a robot came into it. */
export function configuredRecords(
  robots: Readonly<Record<string, ConfiguredRobot>>,
  now: Date,
): ReadonlyMap<string, RobotRecord> {
  return new Map(
    Object.entries(robots).map(([name, { secret }]) => [
      name,
      {
        name,
        rights: [],
        createdAt: now,
        createdBy: CREATED_BY_CONFIG,
        expiresAt: undefined,
        fingerprint: fingerprintOf(name, secret.reveal()),
        secretHash: hashSecret(secret.reveal()),
      },
    ]),
  );
}

/** The same on every replica, and another once the secret is another. */
function fingerprintOf(name: string, secret: string): string {
  const told = `barge robot fingerprint\n${name}\n${secret}`;
  return createHash("sha256").update(told).digest().subarray(0, 16).toString("base64url");
}
