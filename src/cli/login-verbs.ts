/** The verbs that deal with names and passwords. */
import type { Command } from "commander";
import { serverArguments, withServerOptions } from "./server-flags.ts";
import { type AddVerb, text } from "./verb.ts";

export function addLoginVerbs(program: Command, verb: AddVerb): void {
  addLogin(program, verb);
  addLogout(program, verb);
  addHtpasswd(program, verb);
}

function addLogin(program: Command, verb: AddVerb): void {
  const command = program
    .command("login")
    .description("prove a name and password to a registry, and keep them for docker and podman too")
    .argument("[server]", "host, host:port or URL (default: --server, then BARGE_SERVER)")
    .option("-u, --username <name>", "without it, it is asked for")
    .option("-p, --password <password>", "others on this machine can see it: use --password-stdin")
    .option("--password-stdin", "read the password from standard input", false)
    .option("-q, --quiet", "say nothing but warnings and errors", false);
  verb(withServerOptions(command), async ([server], flags, io) => {
    const { run } = await import("./login.ts");
    return await run(
      {
        ...serverArguments(flags),
        server: server ?? text(flags, "server"),
        username: text(flags, "username"),
        password: text(flags, "password"),
        passwordFromInput: flags["passwordStdin"] === true,
        quiet: flags["quiet"] === true,
      },
      io,
    );
  });
}

function addLogout(program: Command, verb: AddVerb): void {
  const command = program
    .command("logout")
    .description("forget the credentials of a registry")
    .argument("[server]", "as it was logged in to (default: --server, then BARGE_SERVER)")
    .option("-a, --all", "forget those of all registries", false)
    .option("--authfile <file>", "file of credentials")
    .option("-q, --quiet", "say nothing but warnings and errors", false);
  verb(command, async ([server], flags, io) => {
    const { run } = await import("./logout.ts");
    return await run(
      {
        server: server ?? text(flags, "server"),
        all: flags["all"] === true,
        authFile: text(flags, "authfile"),
        debug: flags["debug"] === true,
        quiet: flags["quiet"] === true,
      },
      io,
    );
  });
}

function addHtpasswd(program: Command, verb: AddVerb): void {
  const command = program
    .command("htpasswd")
    .description("print the line of a user for a password file")
    .argument("<name>", "the user")
    .option("--password-stdin", "read the password from standard input", false)
    .option("--cost <number>", "work that a check of it takes, from 4 to 14 (default: 10)");
  verb(command, async ([name = ""], flags, io) => {
    const { run } = await import("./htpasswd.ts");
    const passwordFromInput = flags["passwordStdin"] === true;
    return await run({ name, passwordFromInput, cost: text(flags, "cost") }, io);
  });
}
