/** `barge audit`: who did what on a running server. */
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { textOf } from "../client/json-object.ts";
import { printable } from "../client/printable.ts";
import { AUDIT_ACTIONS } from "../observability/audit-entry.ts";
import { escapeJson } from "../observability/quote.ts";
import { checkedAction, checkedRepository } from "./checked-names.ts";
import type { Io } from "./io.ts";
import { parseMoment } from "./period.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";
import { UsageError } from "./usage-error.ts";

export interface AuditArguments extends ServerArguments {
  /** Durations back from now, or moments. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly actor: string | undefined;
  readonly repository: string | undefined;
  readonly action: string | undefined;
  /** How many at most, the newest; as typed. */
  readonly count: string | undefined;
  readonly format: "text" | "json";
}

/** Oldest first; one JSON array with `--format json`. @throws {UsageError}, and what `Connection` throws */
export async function run(args: AuditArguments, io: Io): Promise<number> {
  const query = queryOf(args, new Date());
  const connection = await connect(args, io);
  const entries = connection.lines(`audit?${query.toString()}`);
  await (args.format === "json" ? printJson(entries, io) : printLines(entries, io));
  return 0;
}

/** As the server has it. */
const MOST_ENTRIES = 10_000;

function queryOf(args: AuditArguments, now: Date): URLSearchParams {
  const { since, until } = periodOf(args, now);
  const { actor, repository, action, count } = args;
  if (count !== undefined && !(/^[1-9]\d{0,4}$/.test(count) && Number(count) <= MOST_ENTRIES)) {
    throw new UsageError(`-n ${JSON.stringify(count)}: write a number, from 1 to ${MOST_ENTRIES}`);
  }
  const wanted = {
    since: since?.toISOString(),
    until: until?.toISOString(),
    actor,
    repository: repository === undefined ? undefined : checkedRepository(repository),
    action: action === undefined ? undefined : checkedAction(action, AUDIT_ACTIONS),
    n: count,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined) query.set(name, value);
  }
  return query;
}

interface Period {
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

function periodOf(args: AuditArguments, now: Date): Period {
  const moment = (flag: "since" | "until"): Date | undefined => {
    const text = args[flag];
    if (text === undefined) return undefined;
    return parseMoment(text, { flag: `--${flag}`, now, direction: "past" });
  };
  const [since, until] = [moment("since"), moment("until")];
  if (since !== undefined && until !== undefined && since >= until) {
    throw new UsageError("--since is not before --until: nothing can have happened between them");
  }
  return { since, until };
}

async function printJson(entries: AsyncIterable<unknown>, { stdout }: Io): Promise<void> {
  let before = "[";
  for await (const entry of entries) {
    stdout(`${before}\n${escapeJson(JSON.stringify(entry))}`);
    before = ",";
  }
  stdout(before === "[" ? "[]\n" : "\n]\n");
}

async function printLines(entries: AsyncIterable<unknown>, { stdout }: Io): Promise<void> {
  for await (const entry of entries) {
    if (isJsonObject(entry)) stdout(`${lineOf(entry)}\n`);
  }
}

/**
 * When, how it ended, who, from where, what: `... done alice 10.0.0.1 overwrite shop/web 1.2 sha256:a -> sha256:b`.
 * A line that stands for many: `... refused various 10.0.0.1 login-failed 57 more`.
 */
function lineOf(entry: JsonObject): string {
  const { repeated } = entry;
  const isMany = typeof repeated === "number";
  const [before, after] = [textOf(entry, "before"), textOf(entry, "after")];
  const isChange = before !== undefined || after !== undefined;
  const words = [
    textOf(entry, "at"),
    textOf(entry, "outcome"),
    textOf(entry, "actor") ?? (isMany ? "various" : "anonymous"),
    textOf(entry, "address"),
    textOf(entry, "action"),
    textOf(entry, "repository"),
    textOf(entry, "reference"),
    isChange ? `${before ?? "-"} -> ${after ?? "-"}` : undefined,
    isMany ? `${repeated} more` : undefined,
  ];
  return words
    .filter((word) => word !== undefined)
    .map(printable)
    .join(" ");
}
