import { publicJsonSchema } from "../config/json-schema.ts";
import type { Io } from "./io.ts";

export interface SchemaArguments {
  readonly file: string | undefined;
  readonly format: "text" | "json";
}

/**
 * `barge schema`: prints the JSON Schema of the configuration file, for editors and checkers. Needs no
 * file, and is JSON in either format.
 * @returns 0
 */
export async function run(_args: SchemaArguments, io: Io): Promise<number> {
  io.stdout(`${JSON.stringify(publicJsonSchema(), undefined, 2)}\n`);
  return Promise.resolve(0);
}
