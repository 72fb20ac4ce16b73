import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AskedServer, openAskedServer } from "./asked-server.ts";

let the: AskedServer;

beforeEach(async () => {
  the = await openAskedServer();
});
afterEach(async () => the[Symbol.asyncDispose]());

const ROBOT = {
  name: "ci",
  username: "robot+ci",
  rights: [{ repositories: ["team/*", "base"], actions: ["pull", "push"] }],
  createdAt: "2026-01-02T03:04:05Z",
  createdBy: "alice",
  expiresAt: "9027-01-01T00:00:00.000Z",
};

describe("barge robot", () => {
  const create = ["robot", "create", "ci", "--action", "pull,push"] as const;
  const repositories = ["--repository", "team/*,base"] as const;

  it("create prints the secret alone on standard output, and the rest beside", async () => {
    const answer = { status: 201, body: { ...ROBOT, secret: "brg_x" } };
    const expires = ["--expires", "2027-01-01"];
    const said = await the.say(answer, ...create, ...expires, ...repositories);
    expect(said).toMatchObject({ code: 0, stdout: "brg_x\n" });
    expect(said.stderr).toContain("made robot+ci, which may: pull,push on team/*,base\n");
    expect(said.stderr).toContain(`docker login ${the.server.host} --username robot+ci`);
    expect(said.stderr).not.toContain("brg_x");
    const { method, url, body } = the.asked();
    expect([method, url.pathname]).toEqual(["POST", "/api/v1/robots"]);
    expect(body).toEqual({
      name: "ci",
      rights: [{ repositories: ["team/*", "base"], actions: ["pull", "push"] }],
      expiresAt: "2027-01-01T00:00:00.000Z",
    });
  });

  it("create --format json prints what the server says", async () => {
    const body = { ...ROBOT, secret: "brg_x" };
    const said = await the.say(
      { status: 201, body },
      ...create,
      "--format",
      "json",
      ...repositories,
    );
    expect(JSON.parse(said.stdout)).toEqual(body);
    expect(said.stderr).toBe("");
  });

  it.each([
    [["--action", "pull,fly", "--repository", "x"], /"fly" is no action; there are pull, push/],
    [["--action", "pull", "--repository", "x", "--expires", "30"], /--expires "30"/],
    [["--action", "pull", "--repository", "x", "--expires", "2001-01-01"], /over already/],
    [["--action", "pull"], /go together/],
    [["--repository", "x"], /go together/],
    [["--action", "pull", "--repository", "x", "--action", "push"], /--repository before it/],
    [["--repository", "x", "--action", "pull", "--repository", "y"], /--repository before it/],
    [["--action", "pull", "--repository", "Team/*"], /"Team\/\*" can match no repository/],
    [["--action", "pull", "--repository", "x,"], /"" is empty/],
    [["--action", "pul", "--repository", "x"], /did you mean "pull"/],
    [["--expires", "9000000d"], /--expires "9000000d"/],
    [["--expires", "9999-12-31T23:59:59-14:00"], /--expires/],
  ])("create %j is a mistake: 2, and nothing is asked", async (args, text) => {
    const said = await the.say({}, "robot", "create", "ci", ...args);
    expect([said.code, said.stdout]).toEqual([2, ""]);
    expect(said.stderr).toMatch(text);
    expect(the.server.requests).toEqual([]);
  });

  it.each([
    ["--repository a --action pull --repository b --action push", ["a:pull", "b:push"]],
    ["--repository a,b --repository c --action pull", ["a,b,c:pull"]],
    ["--repository a --action pull --action push,pull", ["a:pull,push"]],
    ["--action pull --action push --repository a --repository a", ["a:pull,push"]],
    ["--repository a --action all", ["a:pull,push,overwrite,delete,promote,admin"]],
    ["--repository a --action push,all", ["a:push,pull,overwrite,delete,promote,admin"]],
  ])("create %s asks for no more than that", async (typed, wanted) => {
    const body = { ...ROBOT, secret: "brg_x" };
    const said = await the.say({ status: 201, body }, "robot", "create", ...typed.split(" "), "ci");
    expect(said.code).toBe(0);
    const { name, rights } = the.asked().body as typeof ROBOT;
    expect(name).toBe("ci");
    expect(rights.map((one) => `${one.repositories.join()}:${one.actions.join()}`)).toEqual(wanted);
  });

  it.each([
    ["create", "CI"],
    ["create", "robot+ci"],
    ["revoke", "a/../b"],
    ["revoke", "robot+ci"],
  ])("%s %s is a mistake: 2, and nothing is asked", async (verb, name) => {
    const said = await the.say({ status: 204 }, "robot", verb, name);
    expect([said.code, said.stdout]).toEqual([2, ""]);
    expect(said.stderr).toContain(`"${name}" is not the name of a robot`);
    expect(the.server.requests).toEqual([]);
  });

  it("create without rights makes one for rules to speak of", async () => {
    const body = { ...ROBOT, rights: [], secret: "brg_x" };
    const { stderr } = await the.say({ status: 201, body }, "robot", "create", "ci");
    expect(stderr).toContain("which may: what rules say of it\n");
    expect(the.asked().body).toEqual({ name: "ci", rights: [] });
  });

  it("create of a server that gives no secret is an error", async () => {
    const said = await the.say({ status: 201, body: ROBOT }, ...create, ...repositories);
    expect(said).toMatchObject({ code: 1, stdout: "" });
  });

  it("list prints a table, without control characters", async () => {
    const other = { name: "x\u001b[31m", rights: [], expiresAt: "2001-01-01T00:00:00Z" };
    const said = await the.say({ body: { robots: [ROBOT, other] } }, "robot", "list");
    expect(said).toMatchObject({ code: 0, stderr: "" });
    const lines = said.stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ["NAME", "MAY", "CREATED BY", "EXPIRES", "LAST USED"],
      ["ci", "pull,push on team/*,base", "alice", ROBOT.expiresAt, "never"],
      ["x [31m", "2001-01-01T00:00:00Z (over)", "never"],
      [""],
    ]);
  });

  it("list --format json prints one document, in which nothing steers a terminal", async () => {
    const body = { robots: [ROBOT, { ...ROBOT, name: "a\u009b31m\u202e\u2066" }] };
    const said = await the.say({ body }, "robot", "ls", "--format", "json");
    expect(JSON.parse(said.stdout)).toEqual(body);
    expect(said.stdout).toContain(String.raw`"a\u009b31m\u202e\u2066"`);
  });

  it("revoke ends the robot of that name and no other", async () => {
    expect(await the.say({ status: 204 }, "robot", "revoke", "c.i-1")).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "revoked c.i-1\n",
    });
    const { method, url } = the.asked();
    expect([method, url.pathname]).toEqual(["DELETE", "/api/v1/robots/c.i-1"]);
  });
});

it.each([
  [401, 4],
  [403, 4],
  [404, 3],
  [429, 75],
  [503, 75],
  [400, 1],
  [500, 1],
])("an answer %i ends with %i, and tells what the server said", async (status, code) => {
  const body = { errors: [{ code: "SOME_CODE", message: "because" }] };
  const said = await the.say({ status, body }, "robot", "revoke", "ci");
  expect([said.code, said.stdout]).toEqual([code, ""]);
  expect(said.stderr).toContain(`barge: ${the.server.host} answered ${status} SOME_CODE: because`);
  expect(said.stderr).not.toMatch(/\n\s+at /);
});
