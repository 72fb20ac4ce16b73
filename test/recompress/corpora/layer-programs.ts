import { env } from "node:process";
import { runProgram } from "../../fixtures/program.ts";

/** Where the list of what a layer holds goes. */
export function listBeside(file: string): string {
  return file.replace(/(\.part)?\.tar$/, ".list");
}

/** @returns what the program prints. @throws {Error} with what it complains of. */
export async function runForLayer(
  command: readonly [string, ...string[]],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const inherited = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return await runProgram({
    command: [...command],
    env: { ...Object.fromEntries(inherited), ...more },
  });
}
