/** `barge key rotate`: has a running server sign its tokens with a new key. */
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";
import { textOf } from "../client/json-object.ts";
import { printable } from "../client/printable.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";
import { connect, type ServerArguments } from "./server-arguments.ts";

export interface KeyRotateArguments extends ServerArguments {
  /** Whether the old key ends at once, and all tokens with it. */
  readonly revoke: boolean;
  readonly format: "text" | "json";
}

const REVOKED = "tokens of the old keys are refused from now on";

/** @throws what `Connection` throws */
export async function runRotate(args: KeyRotateArguments, io: Io): Promise<number> {
  const connection = await connect(args, io);
  const answer = await connection.request("POST", "auth/keys/rotate", { revoke: args.revoke });
  const rotated = isJsonObject(answer) ? answer : {};
  if (args.format === "json") {
    printJson(rotated, io);
    return 0;
  }
  io.stderr(`the new key signs; ${args.revoke ? REVOKED : untilWhen(rotated)}\n`);
  io.stdout(`${printable(textOf(rotated, "kid") ?? "")}\n`);
  return 0;
}

function untilWhen({ retired }: JsonObject): string {
  const keys = Array.isArray(retired) ? retired.filter(isJsonObject) : [];
  const moments = keys
    .map((key) => textOf(key, "acceptedUntil"))
    .filter((one) => one !== undefined);
  const last = moments.toSorted().at(-1);
  if (last === undefined) return "tokens of the old key are good until they expire";
  return `tokens of the old key are good until they expire, at most until ${printable(last)}`;
}
