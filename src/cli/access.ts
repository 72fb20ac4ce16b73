/** `barge access explain`: which rule decides what somebody may do to a repository, and why. */
import { isJsonObject, type JsonObject, textOf } from "../client/json-object.ts";
import type { Io } from "./io.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";
import { formatTable } from "./table.ts";

export interface AccessArguments extends ServerArguments {
  /** As in rules: `anonymous`, `user:NAME`, `group:NAME`, `robot:NAME`, `claims:ISSUER`. */
  readonly subject: string;
  readonly repository: string;
  /** The one action that is asked about; `undefined`: all. */
  readonly action: string | undefined;
  /** `NAME=VALUE`, of a workload. */
  readonly claims: readonly string[];
  /** A config whose rules are asked in place of a server, when no server is named. */
  readonly config: string | undefined;
  readonly format: "text" | "json";
}

/** @throws {UsageError}, and what `Connection` throws */
export async function runExplain(args: AccessArguments, io: Io): Promise<number> {
  const connection = await connect(args, io);
  const query = new URLSearchParams({ subject: args.subject, repository: args.repository });
  for (const claim of args.claims) query.append("claim", claim);
  printExplanation(await connection.request("GET", `auth/access?${query.toString()}`), args, io);
  return 0;
}

function printExplanation(
  answer: unknown,
  { action, format }: AccessArguments,
  { stdout }: Io,
): void {
  const document = isJsonObject(answer) ? answer : {};
  const all: unknown = document["actions"];
  const actions = (Array.isArray(all) ? all.filter(isJsonObject) : []).filter(
    (one) => action === undefined || one["action"] === action,
  );
  if (format === "json") {
    stdout(`${JSON.stringify({ ...document, actions }, undefined, 2)}\n`);
    return;
  }
  stdout(formatTable(["ACTION", "ALLOWED", "RULE", "WHY"], actions.map(rowOf)));
}

function rowOf(one: JsonObject): readonly string[] {
  const { rule } = one;
  const place = typeof rule === "number" ? String(rule) : "-";
  const allowed = one["allowed"] === true ? "yes" : "no";
  return [textOf(one, "action") ?? "", allowed, place, textOf(one, "reason") ?? ""];
}
