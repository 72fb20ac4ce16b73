/** `barge access explain`: which rule decides what somebody may do to a repository, and why. */
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { textOf } from "../client/json-object.ts";
import { ACTIONS, type Action } from "../auth/action.ts";
import {
  checkedAction,
  checkedClaims,
  checkedRepository,
  checkedSubject,
} from "./checked-names.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";
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

/**
 * Asks the server; or the config, when one is named and no server is.
 * @throws {UsageError}, and what `Connection` and `explainFromConfig` throw
 */
export async function runExplain(args: AccessArguments, io: Io): Promise<number> {
  const action = args.action === undefined ? undefined : checkedAction(args.action, ACTIONS);
  printExplanation(await explanationFor(args, io), { ...args, action }, io);
  return 0;
}

async function explanationFor(args: AccessArguments, io: Io): Promise<unknown> {
  const { server, config } = args;
  const subject = checkedSubject(args.subject);
  const repository = checkedRepository(args.repository);
  const claims = checkedClaims(args.claims, subject);
  if (server === undefined && config !== undefined) {
    const { explainFromConfig } = await import("./explain-config.ts");
    return await explainFromConfig({ config, subject, repository, claims }, io);
  }
  const query = new URLSearchParams({ subject, repository });
  for (const claim of args.claims) query.append("claim", claim);
  const connection = await connect(args, io);
  return await connection.request("GET", `auth/access?${query.toString()}`);
}

function printExplanation(
  answer: unknown,
  { action, format }: Pick<AccessArguments, "format"> & { readonly action: Action | undefined },
  io: Io,
): void {
  const document = isJsonObject(answer) ? answer : {};
  const all: unknown = document["actions"];
  const actions = (Array.isArray(all) ? all.filter(isJsonObject) : []).filter(
    (one) => action === undefined || one["action"] === action,
  );
  if (format === "json") {
    printJson({ ...document, actions }, io);
    return;
  }
  io.stdout(formatTable(["ACTION", "ALLOWED", "RULE", "WHY"], actions.map(rowOf)));
}

function rowOf(one: JsonObject): readonly string[] {
  const { rule } = one;
  const place = typeof rule === "number" ? String(rule) : "-";
  const allowed = one["allowed"] === true ? "yes" : "no";
  return [textOf(one, "action") ?? "", allowed, place, textOf(one, "reason") ?? ""];
}
