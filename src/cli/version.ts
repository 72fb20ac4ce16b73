import { readVersion } from "../app/version.ts";
import type { Io } from "./io.ts";

/** `barge version`, and `registry --version` with the name that scripts look for. */
export async function run(name: string, io: Io): Promise<number> {
  io.stdout(`${name} barge ${await readVersion()} (node ${process.version})\n`);
  return 0;
}
