/**
 * Programs that keep credentials, as docker calls them.
 *
 * Protocol: https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { text as textOfStream } from "node:stream/consumers";
import type { Clock } from "../lib/clock.ts";
import { errorText } from "../lib/error-text.ts";
import { TimeLimitExceeded, withTimeLimit } from "../lib/time-limit.ts";
import { CredentialHelperFailed } from "./errors.ts";
import { parseJsonObject, textOf } from "./json-object.ts";
import { printable } from "./printable.ts";

export interface HelperCall {
  /** What stands behind `docker-credential-`. */
  readonly helper: string;
  /** The helper is looked for in its `PATH`, and gets all of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a helper keeps for a server. */
export interface KeptCredentials {
  /** `<token>`: the secret is an identity token. */
  readonly name: string;
  readonly secret: string;
}

/** A helper may ask a person to unlock what it keeps. */
const TIMEOUT_MS = 60_000;
const NOT_FOUND = /credentials not found/i;

/** @returns `undefined` when the helper has none. @throws {CredentialHelperFailed} */
export async function getFromHelper(
  server: string,
  call: HelperCall,
): Promise<KeptCredentials | undefined> {
  const ended = await run("get", server, call);
  if (ended.code !== 0 && NOT_FOUND.test(ended.stdout + ended.stderr)) return undefined;
  const answer = parseJsonObject(succeeded("get", ended, call));
  const secret = answer === undefined ? undefined : textOf(answer, "Secret");
  if (answer === undefined || secret === undefined) {
    throw new CredentialHelperFailed(`${programOf(call)} get gave no credentials, and no error`);
  }
  return { name: textOf(answer, "Username") ?? "", secret };
}

/** @throws {CredentialHelperFailed} */
export async function storeInHelper(
  server: string,
  { name, secret }: KeptCredentials,
  call: HelperCall,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: name, Secret: secret });
  succeeded("store", await run("store", input, call), call);
}

/** What the helper does not have counts as erased. @throws {CredentialHelperFailed} */
export async function eraseFromHelper(server: string, call: HelperCall): Promise<void> {
  const ended = await run("erase", server, call);
  if (NOT_FOUND.test(ended.stdout + ended.stderr)) return;
  succeeded("erase", ended, call);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function run(action: string, input: string, call: HelperCall): Promise<Ended> {
  const program = programOf(call);
  const { clock, signal } = call;
  try {
    return await withTimeLimit({ clock, timeoutMs: TIMEOUT_MS, signal }, async (limit) => {
      const child: Child = spawn(program, [action], {
        env: { ...call.environment },
        stdio: ["pipe", "pipe", "pipe"],
        signal: limit,
        killSignal: "SIGKILL",
      });
      return await ending(child, input);
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new CredentialHelperFailed(`${program} ${action}: ${whyOf(cause)}`, { cause });
  }
}

async function ending(child: Child, input: string): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", resolve);
  // A helper that ends without reading is judged by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    const [code, stdout, stderr] = await Promise.all([
      promise,
      textOfStream(child.stdout),
      textOfStream(child.stderr),
    ]);
    return { code, stdout, stderr };
  } finally {
    // What a helper that was ended has started may hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Helpers tell their errors on standard output. */
function succeeded(action: string, { code, stdout, stderr }: Ended, call: HelperCall): string {
  if (code === 0) return stdout;
  const told = printable(`${stdout} ${stderr}`.trim());
  const why = told === "" ? "it told no reason" : told;
  throw new CredentialHelperFailed(`${programOf(call)} ${action} failed: ${why}`);
}

/** @throws {CredentialHelperFailed} for what is no name but a path. */
function programOf({ helper }: HelperCall): string {
  if (/^[\w.-]+$/.test(helper)) return `docker-credential-${helper}`;
  throw new CredentialHelperFailed(`${JSON.stringify(helper)} is not the name of a helper`);
}

function whyOf(cause: unknown): string {
  const reason = cause instanceof Error && cause.name === "AbortError" ? cause.cause : cause;
  if (reason instanceof TimeLimitExceeded) return reason.message;
  const isMissing = reason instanceof Error && "code" in reason && reason.code === "ENOENT";
  return isMissing ? "there is no such program in PATH" : errorText(reason);
}
