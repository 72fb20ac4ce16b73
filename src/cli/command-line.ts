/** The command line: verbs, their flags and their exit codes. Each verb is loaded when it is called. */
import { Command, CommanderError, Option } from "commander";
import { exitCodeOf, printFailure } from "./failure.ts";
import { withoutSwitchValues } from "./go-flags.ts";
import type { Io } from "./io.ts";

const EXIT_USAGE = 2;

/**
 * Runs one command.
 * @returns the exit code: 0 done, 1 error, 2 usage or config, as `src/README.md` lists them.
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

interface Outcome {
  code: number;
}

type Run = (args: readonly string[], options: Flags, io: Io) => Promise<number>;

/** What commander hands over: only the flags that a verb declares are there. */
type Flags = Readonly<Record<string, unknown>>;

function createProgram(io: Io, outcome: Outcome): Command {
  const program = new Command("barge")
    .description(
      "A private container image registry for places behind thin, costly or broken links",
    )
    .option("--config <file>", "config file (default: BARGE_CONFIG, then ./config.yml if there)")
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError("(add --help for the ways to call it)")
    .showSuggestionAfterError();
  program.helpCommand("help [command]", "display help for a command");
  const verb = (command: Command, run: Run): Command =>
    command.action(async (...called: readonly unknown[]) => {
      outcome.code = await run(command.args, command.optsWithGlobals(), io);
      void called;
    });
  addServe(program, verb);
  addVerify(program, verb);
  addSchema(program, verb);
  addCheck(program, verb);
  addVersion(program, verb);
  addGarbageCollect(program.command("garbage-collect"), verb);
  addRegistryAlias(program, verb);
  return program;
}

type AddVerb = (command: Command, run: Run) => Command;

function addServe(program: Command, verb: AddVerb): void {
  const command = program
    .command("serve")
    .description("start the registry")
    .argument("[config]", "config file, in the format of registry:2 and registry:3");
  verb(command, async ([file], flags, io) => {
    const { run } = await import("./serve.ts");
    return await run({ config: file ?? text(flags, "config") }, io);
  });
}

function addVerify(program: Command, verb: AddVerb): void {
  const command = program
    .command("verify")
    .description("check a config file; nothing is started")
    .argument("[file]", "the file; without it the one that serve would take")
    .addOption(formatOption());
  verb(command, async ([file], flags, io) => {
    const { run } = await import("./verify.ts");
    return await run({ file: file ?? text(flags, "config"), format: format(flags) }, io);
  });
}

function addSchema(program: Command, verb: AddVerb): void {
  const command = program.command("schema").description("print the JSON Schema of the config file");
  verb(command, async (_args, _flags, io) => {
    const { run } = await import("./schema.ts");
    return await run({ file: undefined, format: "json" }, io);
  });
}

function addCheck(program: Command, verb: AddVerb): void {
  const command = program
    .command("check")
    .description(
      "look for what is damaged in a store; changes nothing, also beside a running server",
    )
    .argument("[config]", "config file")
    .option("--deep", "also read all bytes and compare their digests", false)
    .addOption(formatOption());
  verb(command, async ([file], flags, io) => {
    const { run } = await import("./check.ts");
    const config = file ?? text(flags, "config");
    return await run({ config, deep: flags["deep"] === true, format: format(flags) }, io);
  });
}

function addVersion(program: Command, verb: AddVerb): void {
  const command = program.command("version").description("print the version");
  verb(command, async (_args, _flags, io) => {
    const { run } = await import("./version.ts");
    return await run("barge", io);
  });
}

function addGarbageCollect(command: Command, verb: AddVerb): void {
  command
    .description("delete what no manifest needs; the server must be stopped or read-only")
    .argument("[config]", "config file")
    .option("-d, --dry-run", "only say what would be deleted", false)
    .option("-m, --delete-untagged", "also delete manifests that no tag reaches", false)
    .option("-q, --quiet", "print nothing but errors", false);
  verb(command, async ([file], flags, io) => {
    const { run } = await import("./garbage-collect.ts");
    return await run(
      {
        config: file ?? text(flags, "config"),
        dryRun: flags["dryRun"] === true,
        deleteUntagged: flags["deleteUntagged"] === true,
        quiet: flags["quiet"] === true,
      },
      io,
    );
  });
}

/** The reference registry's own command line, for scripts that call it. */
function addRegistryAlias(program: Command, verb: AddVerb): void {
  const registry = program
    .command("registry")
    .description("the command line of the reference registry, for existing scripts")
    .option("-v, --version", "print the version");
  addServe(registry, verb);
  addGarbageCollect(registry.command("garbage-collect"), verb);
  verb(registry, async (_args, flags, io) => {
    if (flags["version"] !== true) registry.help({ error: true });
    const { run } = await import("./version.ts");
    return await run("registry", io);
  });
}

function formatOption(): Option {
  return new Option("--format <format>", "how to print the result")
    .choices(["table", "json"])
    .default("table");
}

function format(flags: Flags): "text" | "json" {
  return flags["format"] === "json" ? "json" : "text";
}

function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}
