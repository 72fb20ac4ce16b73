/** The command line: verbs, their flags and their exit codes. Each verb is loaded when it is called. */
import { Command, CommanderError } from "commander";
import { addDedupVerbs } from "./dedup-verbs.ts";
import { exitCodeOf, printFailure } from "./failure.ts";
import { withoutSwitchValues } from "./go-flags.ts";
import type { Io } from "./io.ts";
import { addLayerVerbs } from "./layer-verbs.ts";
import { addLoginVerbs } from "./login-verbs.ts";
import { addServerVerbs } from "./server-verbs.ts";
import { addStoreVerbs } from "./store-verbs.ts";
import type { Run } from "./verb.ts";

const EXIT_USAGE = 2;

const EXIT_CODES = `
Exit codes: 0 done, 1 error, 2 usage or config, 3 not found, 4 denied, 75 try later, 130 interrupted`;

/**
 * Runs one command.
 * @returns the exit code: 0 done, 1 error, 2 usage or config, 3 not found, 4 denied, 75 try later, 130
 * interrupted.
 */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  const outcome = { code: 0 };
  const program = createProgram(io, outcome);
  try {
    await program.parseAsync(wordsOf(args), { from: "user" });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    printFailure(error, io);
    return exitCodeOf(error);
  }
}

/** What of the command line commander would not take as people write it. */
function wordsOf([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  if (first === "--version") return ["version", ...rest];
  const words = withoutSwitchValues(rest);
  return first === "registry" && words[0] === "help" ? [first, "--help"] : [first, ...words];
}

/** Whether the help of a command tells its own exit codes. */
function hasOwnCodes(command: Command): boolean {
  return command.parent?.name() === "layer";
}

interface Outcome {
  code: number;
}

function createProgram(io: Io, outcome: Outcome): Command {
  const program = new Command("barge")
    .description(
      "A private container image registry for places behind thin, costly or broken links",
    )
    .option("--config <file>", "config file (default: BARGE_CONFIG, then ./config.yml if there)")
    .option("--server <address>", "server to talk to: host:port or URL (default: BARGE_SERVER)")
    .option("--debug", "also say what is tried, and where credentials come from", false)
    .option("--no-color", "nothing here is coloured: for scripts that always say so")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError("(add --help for the ways to call it)")
    .showSuggestionAfterError()
    .addHelpText("afterAll", ({ command }) => (hasOwnCodes(command) ? "" : EXIT_CODES));
  program.helpCommand("help [command]", "display help for a command");
  const verb = (command: Command, run: Run): Command =>
    command.action(async (...called: readonly unknown[]) => {
      outcome.code = await run(command.args, command.optsWithGlobals(), io);
      void called;
    });
  addStoreVerbs(program, verb);
  addDedupVerbs(program, verb);
  addLoginVerbs(program, verb);
  addServerVerbs(program, verb);
  addLayerVerbs(program, verb);
  return program;
}
