/** The audit log, read. */
import { type AuditEntry, formatAuditLine } from "../observability/audit-entry.ts";
import type { ApiDeps } from "./api-deps.ts";
import { NothingThere } from "./errors.ts";
import { NOTHING, operation, type Operation } from "./operation.ts";
import { AUDIT_ENTRY, AUDIT_QUERY } from "./schemas.ts";

export function auditOperations({
  audit,
  stopping,
}: Pick<ApiDeps, "audit" | "stopping">): readonly Operation[] {
  return [
    operation(
      { id: "readAudit", method: "get", path: "/audit", who: "admin" },
      {
        summary: "Who did what: the newest entries that fit, oldest first.",
        query: AUDIT_QUERY,
        body: NOTHING,
        answer: { status: 200, schema: AUDIT_ENTRY, mediaType: "application/x-ndjson" },
        work: async ({ query: { n, ...filter }, request }) => {
          if (audit === undefined) {
            throw new NothingThere("this server keeps no audit log: barge.audit.path says where");
          }
          const signal = AbortSignal.any([stopping, request.signal]);
          return await newest(audit.read(filter, { signal }), n);
        },
      },
    ),
  ];
}

/** The lines of the last `count` entries, however many there are. */
async function newest(entries: AsyncIterable<AuditEntry>, count: number): Promise<string> {
  let lines: string[] = [];
  for await (const entry of entries) {
    lines.push(formatAuditLine(entry));
    // Not at each line, for cutting copies what is left.
    if (lines.length >= 2 * count) lines = lines.slice(-count);
  }
  return lines.slice(-count).join("");
}
