/** The verbs that need no server: they start one, check what it needs, or open a store themselves. */
import type { Command } from "commander";
import { type AddVerb, format, formatOption, text } from "./verb.ts";

export function addStoreVerbs(program: Command, verb: AddVerb): void {
  addServe(program, verb);
  addVerify(program, verb);
  addSchema(program, verb);
  addCheck(program, verb);
  addVersion(program, verb);
  addGarbageCollect(program.command("garbage-collect"), verb);
  addRegistryAlias(program, verb);
}

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
