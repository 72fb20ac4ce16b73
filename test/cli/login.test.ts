import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoginArguments, run } from "../../src/cli/login.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { basic, openRecordingServer, type RecordingServer } from "../fakes/recording-server.ts";
import { fakeTerminal, openUser, type User } from "./remote-verbs.ts";

const resources = { stack: new AsyncDisposableStack() };
let user: User;
let server: RecordingServer;

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  user = resources.stack.use(await openUser());
  server = resources.stack.use(
    await openRecordingServer(({ headers }) =>
      headers.authorization === basic("alice", "pass word")
        ? { body: {} }
        : {
            status: 401,
            headers: { "www-authenticate": "Basic realm=x" },
            body: { errors: [{ code: "UNAUTHORIZED", message: "who are you?" }] },
          },
    ),
  );
});
afterEach(async () => resources.stack.disposeAsync());

function args(more: Partial<LoginArguments> = {}): LoginArguments {
  return {
    server: server.host,
    authFile: undefined,
    caFile: undefined,
    insecure: false,
    plainHttp: false,
    realmHosts: [],
    debug: false,
    username: "alice",
    password: undefined,
    passwordFromInput: true,
    quiet: false,
    ...more,
  };
}

async function kept(): Promise<unknown> {
  return JSON.parse(await readFile(join(user.home, "config.json"), "utf8"));
}

const ALICE = Buffer.from("alice:pass word").toString("base64");

describe("barge login", () => {
  it.each(["pass word", "pass word\n", "pass word\r\n"])(
    "takes the password %j from standard input and keeps it where docker does",
    async (input) => {
      expect(await run(args(), user.io, fakeTerminal({ input }))).toBe(0);
      expect(await kept()).toEqual({ auths: { [server.host]: { auth: ALICE } } });
      expect((await stat(join(user.home, "config.json"))).mode & 0o777).toBe(0o600);
      expect(user.io.said).toMatchObject({
        stdout: "",
        stderr: expect.stringContaining(`logged in to ${server.host} as alice\n`),
      });
    },
  );

  it("asks for name and password at a terminal, and hides the password", async () => {
    const terminal = fakeTerminal({ answers: ["alice", "pass word"] });
    const asked = args({ username: undefined, passwordFromInput: false });
    expect(await run(asked, user.io, terminal)).toBe(0);
    expect(terminal.questions).toEqual([`Username for ${server.host}: `, "hidden Password: "]);
  });

  it("warns of a password on the command line and of one that stands unencrypted", async () => {
    const said = await user.say("login", "-u", "alice", "-p", "pass word", server.host);
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(/warning: .*--password-stdin/);
    expect(said.stderr).toContain(`unencrypted in ${join(user.home, "config.json")}`);
    expect(said.stderr).not.toMatch(/pass word|without encryption/);
  });

  it("of a wrong password is denied, with 4, and keeps nothing", async () => {
    const said = await user.say("login", "-u", "alice", "-p", "wrong", server.host);
    expect(said.code).toBe(4);
    expect(said.stderr).toContain(`${server.host} answered 401 UNAUTHORIZED: who are you?`);
    await expect(kept()).rejects.toThrow("ENOENT");
  });

  it("does not touch a file of credentials that is damaged: 2", async () => {
    const file = join(user.home, "config.json");
    await writeFile(file, '{"auths":');
    const said = await user.say("login", "-u", "alice", "-p", "pass word", server.host);
    expect([said.code, await readFile(file, "utf8")]).toEqual([2, '{"auths":']);
    expect(said.stderr).toContain(`${file} is not a file of credentials`);
  });

  it("takes the server from BARGE_SERVER, and is told where it is missing", async () => {
    const { io } = user;
    const environment = { ...io.environment, BARGE_SERVER: server.host };
    const named = args({ server: undefined });
    expect(await run(named, { ...io, environment }, fakeTerminal({ input: "pass word" }))).toBe(0);
    const said = await user.say("login", "-u", "alice", "-p", "x");
    expect(said.code).toBe(2);
    expect(said.stderr).toContain(`there are credentials for ${server.host}`);
  });

  it("writes into the file that --authfile names", async () => {
    const authFile = join(user.home, "other.json");
    await run(args({ authFile }), user.io, fakeTerminal({ input: "pass word" }));
    expect(JSON.parse(await readFile(authFile, "utf8"))).toHaveProperty("auths");
    await expect(kept()).rejects.toThrow("ENOENT");
  });

  it("says when another file holds other credentials that come first", async () => {
    const other = join(user.home, "first.json");
    await writeFile(other, JSON.stringify({ auths: { [server.host]: { auth: "YTpi" } } }));
    const environment = { ...user.io.environment, REGISTRY_AUTH_FILE: other };
    await run(args(), { ...user.io, environment }, fakeTerminal({ input: "pass word" }));
    expect(user.io.said.stderr).toContain(`${other} holds other credentials for ${server.host}`);
  });

  it.each([
    [{ username: undefined }, {}, /--password-stdin needs --username/],
    [{ password: "x" }, {}, /do not go together/],
    [{ passwordFromInput: false }, {}, /no terminal/],
    [{ username: undefined, passwordFromInput: false }, {}, /no terminal/],
    [{}, { input: "\n" }, /the password is empty/],
    [{ username: "a:b" }, { input: "x" }, /colon/],
    [{ server: "unix:/run/x.sock" }, {}, /without a login/],
  ])("called with %j and %j is a mistake, and asks no server", async (more, typed, text) => {
    const login = run(args(more), user.io, fakeTerminal(typed));
    await expect(login).rejects.toThrow(UsageError);
    await expect(login).rejects.toThrow(text);
    expect(server.requests).toEqual([]);
  });
});

describe("barge logout", () => {
  it("forgets a server, and once more is no error", async () => {
    await user.logInTo(server.host, "alice", "pass word");
    expect(await user.say("logout", server.host)).toEqual({
      code: 0,
      stdout: "",
      stderr: `logged out of ${server.host}\n`,
    });
    expect(await kept()).toEqual({ auths: {} });
    expect(await user.say("logout", `http://${server.host}`)).toMatchObject({
      code: 0,
      stderr: `not logged in to ${server.host}\n`,
    });
  });

  it("--all forgets every server", async () => {
    await user.logInTo("a.test", "alice", "x");
    expect(await user.say("logout", "--all")).toMatchObject({ code: 0 });
    expect(await kept()).toEqual({ auths: {} });
  });

  it("says which other file still has an entry", async () => {
    const other = join(user.home, "first.json");
    await writeFile(other, JSON.stringify({ auths: { [server.host]: { auth: "YTpi" } } }));
    await using careful = await openUser({ REGISTRY_AUTH_FILE: other });
    const { stderr } = await careful.say("logout", server.host);
    expect(stderr).toContain(`${other} still holds credentials for ${server.host}`);
  });
});
