/** `barge htpasswd`: makes the line of one user for a password file. */
import { hash } from "@node-rs/bcrypt";
import { userNameProblem } from "../auth/passwords/htpasswd-file.ts";
import type { Io } from "./io.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export interface HtpasswdArguments {
  readonly name: string;
  /** Whether the password is all of standard input. */
  readonly passwordFromInput: boolean;
  /** From 4 to 14, as it was typed; `undefined`: 10. */
  readonly cost: string | undefined;
}

const USUAL_COST = 10;
const LEAST_COST = 4;
const MOST_COST = 14;
/** bcrypt takes no more into account. */
const MAX_PASSWORD_BYTES = 72;

/**
 * Prints `name:hash`, ready to be appended to the file. Opens no file.
 * @returns 0
 * @throws {UsageError} {Interrupted}
 */
export async function run(
  args: HtpasswdArguments,
  io: Io,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const problem = userNameProblem(args.name);
  if (problem !== undefined) throw new UsageError(problem);
  const cost = parseCost(args.cost);
  const password = await passwordOf(args, terminal);
  checkPassword(password);
  io.stdout(`${args.name}:${await hash(password, { cost, version: "2y" })}\n`);
  return 0;
}

function parseCost(text: string | undefined): number {
  if (text === undefined) return USUAL_COST;
  const cost = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (cost >= LEAST_COST && cost <= MOST_COST) return cost;
  throw new UsageError(
    `--cost must be a whole number from ${LEAST_COST} to ${MOST_COST}, not '${text}'`,
  );
}

async function passwordOf(args: HtpasswdArguments, terminal: Terminal): Promise<string> {
  if (args.passwordFromInput) return (await terminal.readAll()).replace(/\r?\n$/, "");
  if (!terminal.isInteractive) {
    throw new UsageError("there is no terminal to ask for the password: use --password-stdin");
  }
  const password = await terminal.askSecret("Password: ");
  if ((await terminal.askSecret("The same again: ")) === password) return password;
  throw new UsageError("the two passwords differ");
}

function checkPassword(password: string): void {
  if (password === "") throw new UsageError("the password is empty");
  if (/[\0\r\n]/.test(password)) throw new UsageError("a password is one line, without NUL");
  if (Buffer.byteLength(password) <= MAX_PASSWORD_BYTES) return;
  throw new UsageError(
    `a password of more than ${MAX_PASSWORD_BYTES} bytes would be cut: bcrypt takes no more into account`,
  );
}
