/** The way into the program: the plain start of a server goes round the parser of the command line. */
import { exitCodeOf, printFailure } from "./failure.ts";
import type { Io } from "./io.ts";

/**
 * Runs one command.
 * @returns the exit code: 0 done, 1 error, 2 usage or config, as `src/README.md` lists them.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const plain = plainServe(args);
  if (plain === undefined) {
    const { runCommandLine } = await import("./command-line.ts");
    return await runCommandLine(args, io);
  }
  const serve = await import("./serve.ts");
  try {
    return await serve.run(plain, io);
  } catch (error) {
    printFailure(error, io);
    return exitCodeOf(error);
  }
}

/**
 * `serve` and `serve FILE`, as services call it at every start: loading the parser, which would say the
 * same, takes longer than reading the config.
 * @returns `undefined` for whatever else.
 */
export function plainServe(
  args: readonly string[],
): { readonly config: string | undefined } | undefined {
  const [verb, config, ...more] = args;
  const isPlain = verb === "serve" && more.length === 0 && config?.startsWith("-") !== true;
  return isPlain && config !== "" ? { config } : undefined;
}
