/** `barge audit`: who did what on a running server. */
import { isJsonObject, type JsonObject, textOf } from "../client/json-object.ts";
import { printable } from "../client/printable.ts";
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

function queryOf(args: AuditArguments, now: Date): URLSearchParams {
  const moment = (flag: "since" | "until"): string | undefined => {
    const text = args[flag];
    if (text === undefined) return undefined;
    return parseMoment(text, { flag: `--${flag}`, now, direction: "past" }).toISOString();
  };
  if (args.count !== undefined && !/^[1-9]\d{0,8}$/.test(args.count)) {
    throw new UsageError(`-n ${JSON.stringify(args.count)}: write a number, at least 1`);
  }
  const { actor, repository, action, count } = args;
  const since = moment("since");
  const until = moment("until");
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({
    since,
    until,
    actor,
    repository,
    action,
    n: count,
  })) {
    if (value !== undefined) query.set(name, value);
  }
  return query;
}

async function printJson(entries: AsyncIterable<unknown>, { stdout }: Io): Promise<void> {
  let before = "[";
  for await (const entry of entries) {
    stdout(`${before}\n${JSON.stringify(entry)}`);
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
