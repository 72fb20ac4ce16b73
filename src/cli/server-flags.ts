/** The flags of verbs that talk to a server. */
import type { Command } from "commander";
import type { ServerArguments } from "./server-arguments.ts";
import { type Flags, repeated, text, texts } from "./verb.ts";

export function withServerOptions(command: Command): Command {
  return command
    .option("--authfile <file>", "file of credentials, in place of those of docker and podman")
    .option("--ca-file <file>", "authorities to trust beside those of the system (PEM)")
    .option("--insecure", "take any certificate, and plain http (also --tls-verify=false)", false)
    .option("--plain-http", "speak plain http", false)
    .option(
      "--realm-host <host>",
      "token server on another host that may see the credentials",
      repeated,
    );
}

export function serverArguments(flags: Flags): ServerArguments {
  return {
    server: text(flags, "server"),
    authFile: text(flags, "authfile"),
    caFile: text(flags, "caFile"),
    insecure: flags["insecure"] === true,
    plainHttp: flags["plainHttp"] === true,
    realmHosts: texts(flags, "realmHost"),
    debug: flags["debug"] === true,
  };
}
