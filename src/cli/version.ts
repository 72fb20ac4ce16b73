import { readVersion } from "../app/version.ts";
import type { Io } from "./io.ts";

/** `barge version`, and `registry --version` with the name that scripts look for. */
export async function run(name: string, io: Io): Promise<number> {
  const program = name === "barge" ? "barge" : `${name} (barge)`;
  io.stdout(`${program} ${await readVersion()} (node ${process.version})\n`);
  return 0;
}
