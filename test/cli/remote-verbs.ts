/** Calls verbs as a user with a home of their own, whose terminal is the test. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../src/cli/command-line.ts";
import type { Io } from "../../src/cli/io.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Said } from "./configured-store.ts";

export interface User extends AsyncDisposable {
  readonly home: string;
  /** What the user's programs write. */
  readonly io: Io & { readonly said: { stdout: string; stderr: string } };
  /** Runs a whole command line. */
  say(...args: readonly string[]): Promise<Said>;
  /** As if somebody had logged in. */
  logInTo(host: string, name: string, password: string): Promise<void>;
}

export async function openUser(environment: Readonly<Record<string, string>> = {}): Promise<User> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-user-"));
  const home = folder.path;
  const makeIo = (): User["io"] => {
    const said = { stdout: "", stderr: "" };
    return {
      said,
      stdout: (text) => void (said.stdout += text),
      stderr: (text) => void (said.stderr += text),
      environment: { HOME: home, DOCKER_CONFIG: home, ...environment },
    };
  };
  return {
    home,
    io: makeIo(),
    async say(...args) {
      const io = makeIo();
      const code = await runCommandLine(args, io);
      return { code, ...io.said };
    },
    async logInTo(host, name, password) {
      const auth = Buffer.from(`${name}:${password}`).toString("base64");
      await writeFile(join(home, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** A person who types these answers, or input from a pipe. */
export function fakeTerminal(typed: {
  readonly answers?: readonly string[];
  readonly input?: string;
}): Terminal & { readonly questions: readonly string[] } {
  const questions: string[] = [];
  const answer = (question: string): Promise<string> => {
    questions.push(question);
    return Promise.resolve(typed.answers?.[questions.length - 1] ?? "");
  };
  return {
    questions,
    isInteractive: typed.answers !== undefined,
    ask: answer,
    askSecret: (question) => answer(`hidden ${question}`),
    readAll: () => Promise.resolve(typed.input ?? ""),
  };
}
