/** Runs registry clients in a home folder of their own, untouched by the user's settings. */
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../fixtures/program.ts";
import { requireTool } from "./tools.ts";

/** Clients that share a home folder. */
export interface Clients {
  /** An empty folder for the test's files; removed with the resources. */
  readonly directory: string;
  /** The whole environment that the clients get. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Runs a program of the tools table, in `directory`.
   * @returns what it wrote to stdout.
   * @throws {ProgramFailed} when it does not exit with 0.
   */
  readonly run: (tool: string, ...args: readonly string[]) => Promise<string>;
}

/** Makes a home folder for clients. It is removed with `resources`. */
export async function openClients(resources: AsyncDisposableStack): Promise<Clients> {
  const home = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-clients-"))).path;
  const directory = join(home, "work");
  const temporary = join(home, "tmp");
  const run = join(home, "run");
  const settings = join(home, ".config", "containers");
  await Promise.all(
    [directory, temporary, run, settings].map((path) => mkdir(path, { recursive: true })),
  );
  const policy = { default: [{ type: "insecureAcceptAnything" }] };
  await writeFile(join(settings, "policy.json"), JSON.stringify(policy));
  const env = {
    HOME: home,
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    TMPDIR: temporary,
    XDG_RUNTIME_DIR: run,
    DOCKER_BUILDKIT: "0",
  };
  return {
    directory,
    env,
    run: async (tool, ...args) =>
      runProgram({ command: [requireTool(tool), ...args], env, workingDirectory: directory }),
  };
}
