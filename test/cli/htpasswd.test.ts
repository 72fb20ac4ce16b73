import { verifySync } from "@node-rs/bcrypt";
import { describe, expect, it } from "vitest";
import { parseHtpasswd } from "../../src/auth/passwords/htpasswd-file.ts";
import { type HtpasswdArguments, run } from "../../src/cli/htpasswd.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A person who types these, or else a pipe that holds the first. */
function terminalOf(answers: readonly string[], isInteractive: boolean): Terminal {
  const left = [...answers];
  return {
    isInteractive,
    ask: () => Promise.reject(new Error("would show what is typed")),
    askSecret: () => Promise.resolve(left.shift() ?? ""),
    readAll: () => Promise.resolve(left.shift() ?? ""),
  };
}

interface Call extends Partial<HtpasswdArguments> {
  readonly answers: readonly string[];
}

async function call({ answers, ...args }: Call): Promise<string> {
  const written = { stdout: "", stderr: "" };
  const passwordFromInput = args.passwordFromInput ?? false;
  const code = await run(
    { name: "alice", cost: "4", ...args, passwordFromInput },
    {
      stdout: (text) => (written.stdout += text),
      stderr: (text) => (written.stderr += text),
      environment: {},
    },
    terminalOf(answers, !passwordFromInput),
  );
  expect(code).toBe(0);
  return written.stdout;
}

describe("barge htpasswd", () => {
  it.each([
    ["asked for twice", { answers: ["sécret", "sécret"] }],
    ["in standard input", { answers: ["sécret\n"], passwordFromInput: true }],
    ["in the standard input of Windows", { answers: ["sécret\r\n"], passwordFromInput: true }],
    ["in standard input, without a line end", { answers: ["sécret"], passwordFromInput: true }],
  ])("prints the line of a user whose password is %s", async (_, args) => {
    const line = await call(args);
    expect(line).toMatch(/^alice:\$2y\$04\$\S{53}\n$/);
    const { users, warnings } = parseHtpasswd(line);
    expect(warnings).toEqual([]);
    expect(verifySync("sécret", users.get("alice")?.hash ?? "")).toBe(true);
  });

  it("hashes at a cost of 10 when it is told none", async () => {
    expect(await call({ answers: ["a", "a"], cost: undefined })).toContain("$2y$10$");
  });

  it("takes 72 bytes, all of which count", async () => {
    const line = await call({ answers: ["ä".repeat(36)], passwordFromInput: true });
    const hash = line.trim().slice("alice:".length);
    expect(verifySync("ä".repeat(36), hash)).toBe(true);
    expect(verifySync("ä".repeat(35), hash)).toBe(false);
  });

  it.each<readonly [string, Call, RegExp]>([
    ["two passwords that differ", { answers: ["a", "b"] }, /differ/],
    ["an empty password", { answers: ["", ""] }, /empty/],
    ["nothing in standard input", { answers: ["\n"], passwordFromInput: true }, /empty/],
    ["two lines", { answers: ["a\nb\n"], passwordFromInput: true }, /one line/],
    ["NUL", { answers: ["a\0b"], passwordFromInput: true }, /NUL/],
    ["73 bytes", { answers: ["ä".repeat(36) + "b"], passwordFromInput: true }, /72 bytes/],
    ["a cost of 3", { answers: ["a", "a"], cost: "3" }, /--cost.*4 to 14/],
    ["a cost of 15", { answers: ["a", "a"], cost: "15" }, /--cost.*4 to 14/],
    ["a cost that is no number", { answers: ["a", "a"], cost: "1e1" }, /--cost.*4 to 14/],
    ["a robot", { answers: ["a", "a"], name: "robot+ci" }, /robots/],
    ["the name of jobs", { answers: ["a", "a"], name: "oidc" }, /not for users/],
    ["a name with a colon", { answers: ["a", "a"], name: "a:b" }, /colon/],
    ["a name that would be a comment", { answers: ["a", "a"], name: "#a" }, /begins with #/],
    ["a name of two lines", { answers: ["a", "a"], name: "a\nb" }, /control/],
  ])("refuses %s as a mistake in the call", async (_, args, message) => {
    await expect(call(args)).rejects.toMatchObject({
      kind: "UsageError",
      message: expect.stringMatching(message),
    });
  });

  it("asks nobody where there is no terminal", async () => {
    const io = { stdout: () => undefined, stderr: () => undefined, environment: {} };
    const args = { name: "alice", passwordFromInput: false, cost: "4" };
    await expect(run(args, io, terminalOf([], false))).rejects.toMatchObject({
      kind: "UsageError",
      message: expect.stringContaining("--password-stdin"),
    });
  });
});
