/** `barge key rotate`: has a running server sign its tokens with a new key. */
import { isJsonObject, textOf } from "../client/json-object.ts";
import { printable } from "../client/printable.ts";
import type { Io } from "./io.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";

export interface KeyRotateArguments extends ServerArguments {
  /** Whether the old key ends at once, and all tokens with it. */
  readonly revoke: boolean;
  readonly format: "text" | "json";
}

/** @throws what `Connection` throws */
export async function runRotate(args: KeyRotateArguments, io: Io): Promise<number> {
  const connection = await connect(args, io);
  const answer = await connection.request("POST", "auth/keys/rotate", { revoke: args.revoke });
  const rotated = isJsonObject(answer) ? answer : {};
  if (args.format === "json") {
    io.stdout(`${JSON.stringify(rotated, undefined, 2)}\n`);
    return 0;
  }
  const old = args.revoke
    ? "tokens of the old keys are refused from now on"
    : "tokens of the old key are good until they expire";
  io.stderr(`the new key signs; ${old}\n`);
  io.stdout(`${printable(textOf(rotated, "kid") ?? "")}\n`);
  return 0;
}
