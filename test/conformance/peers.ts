/** Other registries, to run the rows against: what a row says must be possible, and must be possible to get wrong. */
import { execFile, spawn } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { scheduler } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort } from "../fixtures/free-port.ts";
import { RegistryClient } from "./client.ts";

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;

export interface Peer {
  readonly name: string;
  /** Programs that may be it, in the order in which they are tried. */
  readonly programs: readonly string[];
  /** What `--version` must say. */
  readonly version: RegExp;
}

export const PEERS: readonly Peer[] = [
  { name: "docker-registry 2.8", programs: ["docker-registry", "registry"], version: /\bv?2\.8\./ },
  {
    name: "distribution 3",
    programs: ["registry", join(homedir(), "go", "bin", "registry")],
    version: /distribution\/v3|\bv?3\.\d/,
  },
];

/** @returns the program, or `undefined` where none of that version is installed. */
export async function findPeer(peer: Peer): Promise<string | undefined> {
  for (const program of peer.programs) {
    const version = await promisify(execFile)(program, ["--version"]).catch(() => undefined);
    if (version !== undefined && peer.version.test(version.stdout + version.stderr)) return program;
  }
  return undefined;
}

export interface PeerOptions {
  readonly deletes: boolean;
}

/** Starts the program on a free port of the loopback with data of its own; both end with `resources`. */
export async function openPeer(
  resources: AsyncDisposableStack,
  program: string,
  options: PeerOptions,
): Promise<{ readonly origin: URL }> {
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "peer-")));
  const port = await freePort();
  const config = join(path, "config.yml");
  await writeFile(config, configOf({ path, port, deletes: options.deletes }));
  const child = spawn(program, ["serve", config], { stdio: "ignore" });
  resources.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, "exit");
  });
  const origin = new URL(`http://127.0.0.1:${port}`);
  await answered(origin);
  return { origin };
}

function configOf(options: { path: string; port: number; deletes: boolean }): string {
  return `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  delete: {enabled: ${options.deletes}}
  filesystem: {rootdirectory: ${join(options.path, "data")}}
http: {addr: "127.0.0.1:${options.port}"}
`;
}

async function answered(origin: URL): Promise<void> {
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  using client = new RegistryClient(origin);
  for (;;) {
    const answer = await client.send("GET", "/v2/").catch(() => undefined);
    if (answer?.status === 200) return;
    signal.throwIfAborted();
    await scheduler.wait(POLL_MS);
  }
}
