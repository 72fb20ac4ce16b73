import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTIONS } from "../../src/auth/action.ts";
import * as schemas from "../../src/api/schemas.ts";
import { calm } from "../contracts/storage-subject.ts";
import { createRules } from "../../src/auth/rules/rules.ts";
import { openApi, type TestedApi, told, toldError, type Who } from "./api-subject.ts";

let resources: AsyncDisposableStack;
let tested: TestedApi;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  tested = await openApi(resources);
});
afterEach(() => resources.disposeAsync());

const FOR_ALL = { repositories: ["**"], actions: ["pull"] } as const;

interface Access {
  readonly subject: string;
  readonly repository: string;
  readonly actions: readonly {
    action: string;
    allowed: boolean;
    rule: number | null;
    reason: string;
  }[];
}

async function accessOf(subject: string, who: Who = "admin", more = ""): Promise<Access> {
  const query = `subject=${encodeURIComponent(subject)}&repository=team/app${more}`;
  return await told(await tested.ask(who, `/auth/access?${query}`));
}

/** The allowed actions, each with its rule. */
function allowed({ actions }: Access): Readonly<Record<string, number | null>> {
  const those = actions.filter((one) => one.allowed);
  return Object.fromEntries(those.map(({ action, rule }) => [action, rule]));
}

describe("whoami", () => {
  it.each([
    ["alice", { name: "alice", kind: "user", groups: ["cert", "dev", "ops"], isAdmin: false }],
    ["admin", { name: "admin", kind: "user", groups: [], isAdmin: true }],
    ["ci", { name: "robot+ci", kind: "robot", groups: [], isAdmin: false }],
    ["job", { name: "github:repo:x", kind: "workload", groups: ["g"], isAdmin: false }],
    ["local", { name: "operator", kind: "operator", groups: [], isAdmin: true }],
  ] as const)("tells %s who they are", async (who, expected) => {
    expect(await told(await tested.ask(who, "/auth/whoami"))).toEqual(expected);
  });
});

describe("access", () => {
  it("names for each action the rule that decides, or says why none does", async () => {
    const access = await accessOf("user:bob");
    expect(access).toMatchObject({ subject: "user:bob", repository: "team/app" });
    expect(access.actions.map(({ action }) => action)).toEqual(ACTIONS);
    expect(allowed(access)).toEqual({ pull: 1 });
    for (const { reason } of access.actions) expect(reason).toMatch(/rule/);
  });

  it.each([
    ["anonymous", "", {}],
    ["authenticated", "", {}],
    ["user:eve", "", {}],
    ["group:dev", "", { pull: 1 }],
    ["claims:github", "", {}],
    ["claims:github", "&claim=sub=repo:team/x&claim=ref=main", { overwrite: 3 }],
    ["claims:github", "&claim=sub=repo:team/x&claim=ref=dev&claim=ref=main", { overwrite: 3 }],
    ["claims:github", "&claim=sub=repo:team/x&claim=ref=dev", {}],
    ["claims:gitlab", "&claim=sub=repo:team/x&claim=ref=main", {}],
  ])("of %s%s is what rules give", async (subject, more, expected) => {
    expect(allowed(await accessOf(subject, "admin", more))).toEqual(expected);
  });

  it("of oneself counts what the proof of who one is has told", async () => {
    expect(allowed(await accessOf("user:bob", "bob"))).toEqual({ pull: null });
    expect((await accessOf("claims:github", "job")).actions.length).toBe(ACTIONS.length);
  });

  it("of oneself tells nothing of others, nor of the order of rules", async () => {
    const { actions } = await accessOf("user:bob", "bob");
    expect(actions.map(({ reason }) => reason)).toEqual(
      ACTIONS.map((action) =>
        action === "pull"
          ? "a rule gives pull on team/** to group:dev"
          : `no rule gives ${action} on team/app to user:bob`,
      ),
    );
    expect(actions.map(({ rule }) => rule)).toEqual(ACTIONS.map(() => null));
  });

  it("is told to no job that no rule names", async () => {
    const access = [
      { ...FOR_ALL, subjects: [{ kind: "anonymous" }, { kind: "authenticated" }] },
    ] as const;
    const rules = createRules({ access, groups: {} });
    const strict = await openApi(resources, { rules });
    const answer = await strict.ask(
      "job",
      "/auth/access?subject=claims:github&repository=team/app",
    );
    expect([answer.status, (await toldError(answer)).code]).toEqual([403, "DENIED"]);
  });

  it("of a robot is that of rules and its own", async () => {
    const rights = [{ repositories: ["team/*"], actions: ["pull", "push"] as const }];
    await tested.robots.create({ name: "ci", rights, expiresAt: undefined, createdBy: "" }, calm());
    const access = await accessOf("robot:ci");
    expect(allowed(access)).toEqual({ pull: null, push: 2 });
    expect(access.actions[0]?.reason).toContain("own rights");
    const unknown = await tested.ask("admin", "/auth/access?subject=robot:x&repository=a");
    expect(unknown.status).toBe(404);
  });

  it("cannot be told where there are no rules", async () => {
    const open = await openApi(resources, { rules: undefined });
    const answer = await open.ask("admin", "/auth/access?subject=user:a&repository=a");
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("barge.access");
  });
});

describe("the audit log", () => {
  it("is told in lines, the newest so many, oldest first", async () => {
    for (const number of Array.from({ length: 25 }, (_, at) => at)) {
      const json = { name: `r${number}`, rights: [] };
      await tested.ask("admin", "/robots", { method: "POST", json });
    }
    await tested.ask("bob", "/robots");
    const lines = async (query: string): Promise<readonly string[]> => {
      const answer = await tested.ask("admin", `/audit${query}`);
      expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
      const text = await answer.text();
      const entries = text
        .split("\n")
        .slice(0, -1)
        .map((line) => schemas.AUDIT_ENTRY.parse(JSON.parse(line)));
      return entries.map(({ reference }) => reference ?? "");
    };
    expect((await lines("")).length).toBe(26);
    expect(await lines("?n=3")).toEqual(["r23", "r24", "listRobots"]);
    expect(await lines("?n=2&action=robot-create")).toEqual(["r23", "r24"]);
    expect(await lines("?actor=bob")).toEqual(["listRobots"]);
    expect(await lines("?since=2026-01-02T03:04:05.679Z")).toEqual([]);
    expect((await lines("?until=2026-01-02T03:04:05.679Z&n=10000")).length).toBe(26);
    expect(await lines("?repository=team/app")).toEqual([]);
  });

  it("tells how many refusals of a minute were too many for lines of their own", async () => {
    for (let count = 0; count < 25; count += 1) await tested.ask("bob", "/robots");
    await tested.clock.advance(60_000);
    const answer = await tested.ask("admin", "/audit?action=denied&n=2");
    const entries = (await answer.text()).split("\n").slice(0, -1);
    expect(entries.map((line) => JSON.parse(line))).toMatchObject([
      { actor: "bob", reference: "listRobots" },
      { actor: "", outcome: "refused", repeated: 5 },
    ]);
  });

  it("cannot be told where none is kept, and nothing fails for it", async () => {
    const silent = await openApi(resources, { audit: undefined });
    expect((await silent.ask("admin", "/audit")).status).toBe(404);
    const json = { name: "ci", rights: [] };
    expect((await silent.ask("admin", "/robots", { method: "POST", json })).status).toBe(201);
  });
});

describe("the description", () => {
  interface Described {
    readonly operationId: string;
    readonly description: string;
    readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
    readonly requestBody?: { readonly required: boolean };
    readonly responses: Readonly<Record<string, unknown>>;
  }

  interface Description {
    readonly openapi: string;
    readonly info: { readonly version: string };
    readonly servers: unknown;
    readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  }

  async function description(prefix = "/"): Promise<Description> {
    const { api } = await openApi(resources, { prefix });
    return await told(await api.request(`${prefix}api/v1/openapi.json`, {}, {}));
  }

  it("lists every operation below the prefix", async () => {
    const { openapi, info, servers, paths } = await description("/registry/");
    expect([openapi, info.version, servers]).toEqual([
      "3.1.0",
      "1.2.3",
      [{ url: "/registry/api/v1" }],
    ]);
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.toSorted()).toEqual([
      "delete /repositories/{repository}",
      "delete /robots/{name}",
      "get /audit",
      "get /auth/access",
      "get /auth/whoami",
      "get /robots",
      "post /auth/admins",
      "post /auth/keys/rotate",
      "post /robots",
    ]);
  });

  it("says of each operation what it takes", async () => {
    const document = await description();
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const byId = new Map(all.map((one) => [one.operationId, one]));
    const parameters = byId.get("explainAccess")?.parameters ?? [];
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ["subject", true],
      ["repository", true],
      ["claim", false],
    ]);
    expect(byId.get("deleteRepository")?.description).toBe("For administrators of the repository.");
    expect(byId.get("createRobot")?.requestBody?.required).toBe(true);
    expect(byId.get("rotateKeys")?.requestBody?.required).toBe(false);
    expect(byId.get("createRobot")?.responses).toHaveProperty("201");
    expect(JSON.stringify(document)).toContain(`"additionalProperties":false`);
  });

  it("fits what is answered", async () => {
    const post = { method: "POST", json: { name: "ci", rights: [] } };
    const answers: readonly [schema: { parse(value: unknown): unknown }, answer: Response][] = [
      [schemas.MADE_ROBOT, await tested.ask("admin", "/robots", post)],
      [schemas.ROBOTS, await tested.ask("admin", "/robots")],
      [schemas.CALLER, await tested.ask("job", "/auth/whoami")],
      [schemas.ACCESS, await tested.ask("admin", "/auth/access?subject=user:a&repository=a")],
      [schemas.ROTATED, await tested.ask("admin", "/auth/keys/rotate", { method: "POST" })],
      [schemas.ERRORS, await tested.ask("anonymous", "/robots")],
      [schemas.ERRORS, await tested.ask("admin", "/robots", { ...post, json: {} })],
    ];
    for (const [schema, answer] of answers) schema.parse(await told(answer));
  });
});
