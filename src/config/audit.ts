import { z } from "zod";
import type { AuditConfig } from "./config.ts";
import { flag, text } from "./leaves.ts";

/** `barge.audit:` */
export const auditSchema = z
  .strictObject({
    path: text().describe(
      "File that it is appended to, one line of JSON each. Default: `barge/audit/audit.jsonl` below the root of the filesystem driver, once there is some authentication.",
    ),
    pulls: flag(false).describe("Whether pulls are written down as well."),
  })
  .prefault({})
  .describe("The audit log: who did what, from where, and what was there before and after.");

export function toAuditConfig({ path, pulls }: z.output<typeof auditSchema>): AuditConfig {
  return { path, pulls };
}
