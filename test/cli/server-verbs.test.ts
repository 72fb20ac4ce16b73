/** The verbs that order a server about: what they ask of it, what they print, and how they end. */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDelete } from "../../src/cli/repo.ts";
import { type AskedServer, openAskedServer } from "./asked-server.ts";
import { fakeTerminal, openUser } from "./remote-verbs.ts";

const resources = { stack: new AsyncDisposableStack() };
let the: AskedServer;

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  the = resources.stack.use(await openAskedServer());
});
afterEach(async () => resources.stack.disposeAsync());

describe("barge audit", () => {
  const entries = [
    {
      at: "2026-01-02T03:04:05Z",
      actor: "alice",
      action: "push",
      outcome: "done",
      address: "10.0.0.1",
      repository: "shop/web",
      reference: "1",
      after: "sha256:b",
    },
    {
      at: "2026-01-02T03:04:06Z",
      actor: "",
      action: "denied",
      outcome: "refused",
      address: "10.0.0.2",
    },
    {
      at: "2026-01-02T03:04:07Z",
      actor: "",
      action: "login-failed",
      outcome: "refused",
      address: "10.0.0.2",
      repeated: 57,
    },
  ];
  const answer = { body: entries.map((entry) => `${JSON.stringify(entry)}\n`).join("") };

  it("prints a line for each entry", async () => {
    expect(await the.say(answer, "audit")).toEqual({
      code: 0,
      stderr: "",
      stdout:
        "2026-01-02T03:04:05Z done alice 10.0.0.1 push shop/web 1 - -> sha256:b\n" +
        "2026-01-02T03:04:06Z refused anonymous 10.0.0.2 denied\n" +
        "2026-01-02T03:04:07Z refused various 10.0.0.2 login-failed 57 more\n",
    });
    expect(the.asked().url.search).toBe("");
  });

  it.each([
    [answer, entries],
    [{ body: "" }, []],
  ])("--format json prints one array", async (all, wanted) => {
    expect(JSON.parse((await the.say(all, "audit", "--format", "json")).stdout)).toEqual(wanted);
  });

  it("--format json escapes what steers terminals", async () => {
    const entry = { ...entries[0], actor: "\u009b31m\u202e" };
    const { stdout } = await the.say(
      { body: `${JSON.stringify(entry)}\n` },
      "audit",
      "--format",
      "json",
    );
    expect(stdout).toContain(String.raw`"\u009b31m\u202e"`);
    expect(JSON.parse(stdout)).toEqual([entry]);
  });

  it("asks the server for what is wanted alone", async () => {
    const filter = ["--actor", "alice", "--repository", "shop/web", "--action", "push", "-n", "5"];
    await the.say(
      answer,
      "audit",
      "--since",
      "2026-01-01",
      "--until",
      "2026-02-01T00:00:00Z",
      ...filter,
    );
    expect(Object.fromEntries(the.asked().url.searchParams)).toEqual({
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-02-01T00:00:00.000Z",
      actor: "alice",
      repository: "shop/web",
      action: "push",
      n: "5",
    });
  });

  it.each([
    ["--since soon", /--since "soon"/],
    ["--until 2027", /--until "2027"/],
    ["--since 1h --until 2h", /--since is not before --until/],
    ["-n 0", /from 1 to 10000/],
    ["-n 10001", /from 1 to 10000/],
    ["-n many", /from 1 to 10000/],
    ["--action zap", /"zap" is no action; there are push, overwrite/],
    ["--action login", /no action/],
    ["--action denid", /did you mean "denied"\?/],
    ["--repository Shop", /"Shop" is not the name of a repository/],
  ])("%s is a mistake: 2, and nothing is asked", async (typed, message) => {
    const said = await the.say(answer, "audit", ...typed.split(" "));
    expect(said).toMatchObject({ code: 2, stdout: "" });
    expect(said.stderr).toMatch(message);
    expect(the.server.requests).toEqual([]);
  });
});

describe("barge repo delete", () => {
  const answer = { body: { repository: "shop/web", tags: 2, manifests: 3, blobs: 4 } };
  const flags = {
    authFile: undefined,
    caFile: undefined,
    insecure: false,
    plainHttp: false,
    realmHosts: [],
    debug: false,
  } as const;
  const args = () =>
    ({ ...flags, server: the.server.url, name: "shop/web", yes: false, format: "text" }) as const;

  it("with --yes deletes, and says what went", async () => {
    const said = await the.say(answer, "repo", "delete", "shop/web", "--yes");
    expect(said).toMatchObject({ code: 0, stdout: "" });
    expect(said.stderr).toContain("deleted shop/web: 2 tags, 3 manifests, 4 blobs");
    const { method, url } = the.asked();
    expect([method, url.pathname]).toEqual(["DELETE", "/api/v1/repositories/shop/web"]);
  });

  it("of what is no name is a mistake: 2, and nothing is asked", async () => {
    const said = await the.say(answer, "repo", "delete", "Shop/web", "--yes");
    expect(said).toMatchObject({ code: 2, stdout: "" });
    expect(said.stderr).toContain('"Shop/web" is not the name of a repository');
    expect(the.server.requests).toEqual([]);
  });

  it("without a terminal demands --yes: 2, and asks no server", async () => {
    expect(await the.say(answer, "repo", "delete", "shop/web")).toMatchObject({ code: 2 });
    expect(the.server.requests).toEqual([]);
  });

  it.each([
    ["y", 0, 1],
    ["Yes ", 0, 1],
    ["", 1, 0],
    ["n", 1, 0],
    ["yesterday", 1, 0],
  ])("asked on a terminal and answered %j ends with %i", async (typed, code, requests) => {
    await the.say(answer, "robot", "list");
    const before = the.server.requests.length;
    const terminal = fakeTerminal({ answers: [typed] });
    expect(await runDelete(args(), the.user.io, terminal)).toBe(code);
    expect(terminal.questions.join()).toContain(`Delete shop/web on ${the.server.host}`);
    expect(the.server.requests.length - before).toBe(requests);
  });
});

describe("barge key rotate", () => {
  it.each([
    [[], false, "at most until 2026-01-02T03:04:05Z"],
    [["--revoke"], true, "refused from now on"],
  ])("%j asks for a new key, and prints its id", async (flags, revoke, wanted) => {
    const retired = [{ kid: "OLD", acceptedUntil: "2026-01-02T03:04:05Z" }];
    const said = await the.say({ body: { kid: "ABC", retired } }, "key", "rotate", ...flags);
    expect(said).toMatchObject({ code: 0, stdout: "ABC\n" });
    expect(said.stderr).toContain(wanted);
    expect(the.asked()).toMatchObject({ method: "POST", body: { revoke } });
  });
});

describe("barge admin init", () => {
  async function openSocket(path: string): Promise<{ readonly bodies: string[] }> {
    const bodies: string[] = [];
    const socket = createServer((request, response) => {
      request.on("data", (data: Buffer) => void bodies.push(`${request.url} ${data.toString()}`));
      request.on("end", () => {
        response
          .writeHead(201)
          .end(JSON.stringify({ username: "robot+admin", rights: [], secret: "brg_a" }));
      });
    }).listen(path);
    await once(socket, "listening");
    resources.stack.defer(() => {
      socket.closeAllConnections();
      socket.close();
    });
    return { bodies };
  }

  it("finds the socket in the state directory of the config", async () => {
    const root = join(the.user.home, "data");
    await mkdir(join(root, "barge", "state"), { recursive: true });
    const config = join(the.user.home, "config.yml");
    await writeFile(
      config,
      `version: 0.1\nhttp: {addr: ":0"}\nstorage: {filesystem: {rootdirectory: ${root}}}\n`,
    );
    const { bodies } = await openSocket(join(root, "barge", "state", "admin.sock"));
    const said = await the.user.say("admin", "init", "--config", config);
    expect(said).toMatchObject({ code: 0, stdout: "brg_a\n" });
    expect(said.stderr).toContain("--username robot+admin");
    expect(bodies).toEqual(["/api/v1/auth/admins {}"]);
  });

  it("takes the socket and the name that are given", async () => {
    const socket = join(the.user.home, "s.sock");
    const { bodies } = await openSocket(socket);
    expect(await the.user.say("admin", "init", "boss", "--socket", socket)).toMatchObject({
      code: 0,
    });
    expect(bodies).toEqual(['/api/v1/auth/admins {"name":"boss"}']);
  });

  it("with a bad name is a mistake: 2", async () => {
    const socket = join(the.user.home, "none.sock");
    const said = await the.user.say("admin", "init", "Boss", "--socket", socket);
    expect(said).toMatchObject({ code: 2, stdout: "" });
    expect(said.stderr).toContain('"Boss" is not the name of a robot');
  });

  it("without a server says so: 1; without a state directory asks for the socket: 2", async () => {
    const socket = join(the.user.home, "none.sock");
    const said = await the.user.say("admin", "init", "--socket", socket);
    expect(said).toMatchObject({ code: 1, stdout: "" });
    expect(said.stderr).toContain("no server has its socket there");
    const config = join(the.user.home, "config.yml");
    await writeFile(config, 'version: 0.1\nhttp: {addr: ":0"}\nstorage: {inmemory: {}}\n');
    const unnamed = await the.user.say("admin", "init", "--config", config);
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toContain("name the socket by --socket");
  });
});

describe("the command line", () => {
  it("takes --server before the verb, BARGE_SERVER in its place, and neither is a mistake", async () => {
    await the.say({ body: { robots: [] } }, "robot", "list");
    expect(await the.user.say("--server", the.server.url, "robot", "list")).toMatchObject({
      code: 0,
    });
    expect(await the.user.say("robot", "list")).toMatchObject({ code: 2, stdout: "" });
    await using other = await openUser({ BARGE_SERVER: the.server.url });
    expect(await other.say("robot", "list")).toMatchObject({ code: 0 });
  });

  it("says with --debug which credentials won, and never what they are", async () => {
    const { stderr } = await the.say({ body: { robots: [] } }, "robot", "list", "--debug");
    expect(stderr).toBe(
      `debug: credentials for ${the.server.host}: ${the.server.host} in ${join(the.user.home, "config.json")}\n`,
    );
  });

  it("takes --tls-verify=false as --insecure", async () => {
    const list = ["robot", "list", "--tls-verify=false", "--no-color"] as const;
    expect(await the.say({ body: { robots: [] } }, ...list)).toMatchObject({ code: 0 });
  });

  it("robot create --help tells how rights are paired", async () => {
    const { stdout } = await the.user.say("robot", "create", "--help");
    expect(stdout).toContain("Each --action is for the --repository before it");
  });

  it.each([
    ["robot"],
    ["robot", "create"],
    ["access", "explain"],
    ["audit"],
    ["login"],
    ["logout"],
    ["key", "rotate"],
  ])("%s %s --help lists the exit codes", async (...words) => {
    const said = await the.user.say(...words, "--help");
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(said.stdout).toContain("3 not found, 4 denied, 75 try later, 130 interrupted");
  });

  it.each([["robot"], ["repo"], ["admin"], ["key"], ["access"]])(
    "%s alone shows its verbs: 2",
    async (word) => {
      const said = await the.user.say(word);
      expect([said.code, said.stdout]).toEqual([2, ""]);
      expect(said.stderr).toContain(`Usage: barge ${word}`);
    },
  );
});
