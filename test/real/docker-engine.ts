/** A real docker engine with its own network, mounts, images and socket. */
import { writeFile } from "node:fs/promises";
import { startProgram } from "../fixtures/program.ts";
import type { Clients } from "./clients.ts";
import { requireTool } from "./tools.ts";

/** As for `describeWithTools`. */
export const DOCKER_NEEDS = ["root", "unshare", "nsenter", "ip", "dockerd", "docker"];

export interface DockerEngineOptions {
  /** A command that runs what follows it in namespaces of the engine's own. */
  readonly enter: readonly [string, ...string[]];
  /** What `daemon.json` holds. */
  readonly settings: object;
}

/** Starts an engine that keeps its files where the clients run. */
export async function startDockerEngine(
  resources: AsyncDisposableStack,
  { directory, env }: Clients,
  { enter, settings }: DockerEngineOptions,
): Promise<void> {
  const file = (name: string): string => `${directory}/${name}`;
  await writeFile(file("daemon.json"), JSON.stringify(settings));
  const paths = ["--data-root", file("data"), "--exec-root", file("exec")];
  const sockets = ["--host", socketIn(directory), "--pidfile", file("docker.pid")];
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"];
  const storage = ["--config-file", file("daemon.json"), "--storage-driver", "vfs"];
  const args = [...paths, ...sockets, ...network, ...storage];
  const command = [...enter, requireTool("dockerd"), ...args] as const;
  await startProgram(resources, { command: [...command], env }, /API listen on/);
}

/** Runs the command line on the engine. @returns what it wrote to stdout, trimmed. */
export async function runDocker(clients: Clients, ...args: readonly string[]): Promise<string> {
  return (await clients.run("docker", "--host", socketIn(clients.directory), ...args)).trim();
}

function socketIn(directory: string): string {
  return `unix://${directory}/docker.sock`;
}
