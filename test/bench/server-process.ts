/** A system under test, as a process that serves. */
import { spawn } from "node:child_process";
import { get as getPlain } from "node:http";
import { get as getTls } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { stopChild } from "../fixtures/stop-child.ts";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 3;
const KEPT_OUTPUT = 2000;

/** What to start, and how to tell that it serves. */
export interface ServerCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly origin: URL;
  /** A folder of the memory cgroup to run in. */
  readonly cgroup?: string | undefined;
}

export interface RunningServer {
  readonly origin: URL;
  readonly processId: number;
  /** From its start to its first answer. */
  readonly startedAfterMs: number;
  /** Its last words. */
  readonly output: () => string;
  readonly isAlive: () => boolean;
  /** A second call does nothing. */
  readonly stop: () => Promise<void>;
}

/** @param resources stops it; the kernel does so too should this process die first. */
export async function startServer(
  resources: AsyncDisposableStack,
  { command, env, origin, cgroup }: ServerCommand,
): Promise<RunningServer> {
  const startedMs = performance.now();
  const [file = "", ...args] = boundToThisProcess(inCgroup(command, cgroup));
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => stopChild(child, STOP_TIMEOUT_MS);
  resources.defer(stop);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on(
      "data",
      (piece: Buffer) => (output = (output + piece.toString()).slice(-KEPT_OUTPUT)),
    );
  }
  child.once("error", (error) => (output += error.message));
  while (!(await answers(origin))) {
    if (!isAlive() || performance.now() - startedMs > START_TIMEOUT_MS) {
      throw new Error(`did not start: ${command.join(" ")}: ${output}`);
    }
    await wait(POLL_MS);
  }
  const startedAfterMs = performance.now() - startedMs;
  const processId = child.pid ?? 0;
  return { origin, processId, startedAfterMs, output: () => output, isAlive, stop };
}

function boundToThisProcess(command: readonly string[]): readonly string[] {
  return ["setpriv", "--pdeathsig", "TERM", "--", ...command];
}

function inCgroup(command: readonly string[], folder: string | undefined): readonly string[] {
  if (folder === undefined) return command;
  return ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "sh", ...command];
}

async function answers(origin: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const get = origin.protocol === "https:" ? getTls : getPlain;
  const options = { agent: false, rejectUnauthorized: false, timeout: START_TIMEOUT_MS };
  const request = get(new URL("/v2/", origin), options, (incoming) => {
    incoming.resume();
    // One that wants to know who asks says so.
    resolve(incoming.statusCode === 200 || incoming.statusCode === 401);
  });
  request.once("error", () => resolve(false));
  return promise;
}
