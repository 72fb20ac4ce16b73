/** The verbs that order a running server about, through its API. */
import type { Command } from "commander";
import { ACTIONS } from "../auth/action.ts";
import type { RightWord } from "./robot-rights.ts";
import { serverArguments, withServerOptions } from "./server-flags.ts";
import { type AddVerb, format, formatOption, repeated, text, texts } from "./verb.ts";

export function addServerVerbs(program: Command, verb: AddVerb): void {
  const robot = program.command("robot").description("accounts for machines, on a running server");
  addRobotCreate(robot, verb);
  addRobotList(robot, verb);
  addRobotRevoke(robot, verb);
  addAccess(program, verb);
  addAudit(program, verb);
  addRepository(program, verb);
  addAdmin(program, verb);
  addKey(program, verb);
}

const RIGHTS_HELP = `
Both flags may come again. Each --action is for the --repository before it, and for no other:
  barge robot create ci --repository 'base/**' --action pull --repository 'team/*' --action pull,push`;

function addRobotCreate(robot: Command, verb: AddVerb): void {
  const rights: RightWord[] = [];
  // Which of the two flags came first is lost in what commander hands over.
  const typed = (flag: RightWord["flag"]) => (value: string) =>
    void rights.push({ flag, text: value });
  const command = robot
    .command("create")
    .description("make a robot; its secret is printed, this once")
    .argument("<name>", "lower-case letters, digits and -_.")
    .option(
      "--repository <patterns>",
      "where it may do something: team/**, or several: team/*,base",
      typed("repository"),
    )
    .option("--action <actions>", "what it may do there, as in pull,push; or all", typed("action"))
    .option("--expires <when>", "a duration, as in 30d, or a moment")
    .addOption(formatOption())
    .addHelpText("after", RIGHTS_HELP);
  verb(withServerOptions(command), async ([name = ""], flags, io) => {
    const { runCreate } = await import("./robot.ts");
    return await runCreate(
      {
        ...serverArguments(flags),
        name,
        rights,
        expires: text(flags, "expires"),
        format: format(flags),
      },
      io,
    );
  });
}

function addRobotList(robot: Command, verb: AddVerb): void {
  const command = robot
    .command("list")
    .alias("ls")
    .description("list robots and what they may do")
    .addOption(formatOption());
  verb(withServerOptions(command), async (_args, flags, io) => {
    const { runList } = await import("./robot.ts");
    return await runList({ ...serverArguments(flags), format: format(flags) }, io);
  });
}

function addRobotRevoke(robot: Command, verb: AddVerb): void {
  const command = robot
    .command("revoke")
    .alias("rm")
    .description("end a robot, and all its tokens")
    .argument("<name>", "the robot");
  verb(withServerOptions(command), async ([name = ""], flags, io) => {
    const { runRevoke } = await import("./robot.ts");
    return await runRevoke({ ...serverArguments(flags), name }, io);
  });
}

function addAccess(program: Command, verb: AddVerb): void {
  const access = program.command("access").description("the rules of who may do what");
  const command = access
    .command("explain")
    .description("say which rule decides what somebody may do to a repository, and why")
    .argument(
      "<subject>",
      "anonymous, authenticated, user:NAME, group:NAME, robot:NAME or claims:ISSUER",
    )
    .argument("<repository>", "name of a repository; it need not be there")
    .option("--action <action>", `only this of ${ACTIONS.join(", ")}`)
    .option("--claim <name=value>", "a claim of the token, for claims:ISSUER", repeated)
    .addOption(formatOption());
  verb(withServerOptions(command), async ([subject = "", repository = ""], flags, io) => {
    const { runExplain } = await import("./access.ts");
    return await runExplain(
      {
        ...serverArguments(flags),
        subject,
        repository,
        action: text(flags, "action"),
        claims: texts(flags, "claim"),
        config: text(flags, "config"),
        format: format(flags),
      },
      io,
    );
  });
}

function addAudit(program: Command, verb: AddVerb): void {
  const command = program
    .command("audit")
    .description("print who did what on a running server, oldest first")
    .option("--since <when>", "a duration back from now, as in 1h, or a moment")
    .option("--until <when>", "likewise")
    .option("--actor <name>", "only what this user or robot did")
    .option("--repository <name>", "only what was done to this repository")
    .option("--action <action>", "only this, as in push, overwrite, delete, login-failed")
    .option("-n, --count <number>", "at most so many, the newest (default: 1000)")
    .addOption(formatOption());
  verb(withServerOptions(command), async (_args, flags, io) => {
    const { run } = await import("./audit.ts");
    return await run(
      {
        ...serverArguments(flags),
        since: text(flags, "since"),
        until: text(flags, "until"),
        actor: text(flags, "actor"),
        repository: text(flags, "repository"),
        action: text(flags, "action"),
        count: text(flags, "count"),
        format: format(flags),
      },
      io,
    );
  });
}

function addRepository(program: Command, verb: AddVerb): void {
  const repository = program.command("repo").description("repositories of a running server");
  const command = repository
    .command("delete")
    .description("remove a repository with all its tags and manifests")
    .argument("<name>", "the repository")
    .option("-y, --yes", "do not ask", false)
    .addOption(formatOption());
  verb(withServerOptions(command), async ([name = ""], flags, io) => {
    const { runDelete } = await import("./repo.ts");
    const yes = flags["yes"] === true;
    return await runDelete({ ...serverArguments(flags), name, yes, format: format(flags) }, io);
  });
}

function addAdmin(program: Command, verb: AddVerb): void {
  const admin = program.command("admin").description("accounts that may administer a server");
  const command = admin
    .command("init")
    .description("make one, on the server's machine; its secret is printed, this once")
    .argument("[name]", "name of the robot (default: admin)")
    .option("--socket <path>", "the server's socket (default: admin.sock in its state directory)")
    .addOption(formatOption());
  verb(command, async ([name], flags, io) => {
    const { runInit } = await import("./admin.ts");
    return await runInit(
      {
        name,
        socket: text(flags, "socket"),
        config: text(flags, "config"),
        debug: flags["debug"] === true,
        format: format(flags),
      },
      io,
    );
  });
}

function addKey(program: Command, verb: AddVerb): void {
  const key = program.command("key").description("the key that a running server signs tokens with");
  const command = key
    .command("rotate")
    .description("sign with a new key; tokens of the old one are good until they expire")
    .option("--revoke", "refuse tokens of the old keys at once", false)
    .addOption(formatOption());
  verb(withServerOptions(command), async (_args, flags, io) => {
    const { runRotate } = await import("./key.ts");
    const revoke = flags["revoke"] === true;
    return await runRotate({ ...serverArguments(flags), revoke, format: format(flags) }, io);
  });
}
