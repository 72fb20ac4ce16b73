/** `barge repo delete`: removes a whole repository from a running server. */
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { checkedRepository } from "./checked-names.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export interface RepositoryDeleteArguments extends ServerArguments {
  readonly name: string;
  /** Whether nobody need be asked. */
  readonly yes: boolean;
  readonly format: "text" | "json";
}

/** A repository may hold many thousands of links, each of them a file. */
const TIMEOUT_MS = 30 * 60_000;
const EXIT_ERROR = 1;

/**
 * @returns 0 when it is gone, 1 when whoever was asked did not want it.
 * @throws {UsageError} when there is nobody to ask, and for what is no name; what `Connection` throws
 */
export async function runDelete(
  args: RepositoryDeleteArguments,
  io: Io,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const name = checkedRepository(args.name);
  const connection = await connect(args, io, { timeoutMs: TIMEOUT_MS });
  if (!args.yes && !terminal.isInteractive) {
    throw new UsageError("there is no terminal to ask at: add --yes to delete a repository");
  }
  const question = `Delete ${name} on ${connection.name}, with all its tags? (y/N) `;
  if (!args.yes && !/^y(?:es)?$/i.test((await terminal.ask(question)).trim())) {
    io.stderr("nothing was deleted\n");
    return EXIT_ERROR;
  }
  const answer = await connection.request("DELETE", `repositories/${name}`);
  const removed = isJsonObject(answer) ? answer : {};
  if (args.format === "json") printJson(removed, io);
  else io.stderr(summaryOf(name, removed));
  return 0;
}

function summaryOf(name: string, removed: JsonObject): string {
  const counts = ["tags", "manifests", "blobs"].map((what) => `${Number(removed[what])} ${what}`);
  return `deleted ${name}: ${counts.join(", ")}; garbage collection frees their bytes\n`;
}
