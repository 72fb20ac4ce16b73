import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { robotKey } from "../../src/auth/robots/robot-record.ts";
import { KeysAreGiven } from "../../src/auth/tokens/signing-keys.ts";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import { calm } from "../contracts/storage-subject.ts";
import { APP, pushImage } from "../content/images.ts";
import { openApi, type TestedApi, told, toldError } from "./api-subject.ts";

const RIGHTS = [{ repositories: ["team/**"], actions: ["pull", "push"] }];

let resources: AsyncDisposableStack;
let tested: TestedApi;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  tested = await openApi(resources);
});
afterEach(() => resources.disposeAsync());

describe("robots", () => {
  it("are made, told and revoked, and each change is written down without the secret", async () => {
    const json = { name: "ci", rights: RIGHTS, expiresAt: "2026-01-03T04:04:05+01:00" };
    const made = await tested.ask("admin", "/robots", { method: "POST", json });
    const { secret, ...robot } = await told<{ readonly secret: string }>(made);
    expect(robot).toEqual({
      name: "ci",
      username: "robot+ci",
      rights: RIGHTS,
      createdAt: "2026-01-02T03:04:05.678Z",
      createdBy: "admin",
      expiresAt: "2026-01-03T03:04:05.000Z",
      lastUsedAt: null,
    });
    expect(await tested.robots.login("ci", secret)).toBeDefined();
    const listed = await (await tested.ask("admin", "/robots")).text();
    const lastUsedAt = "2026-01-02T03:04:00.000Z";
    expect(JSON.parse(listed)).toEqual({ robots: [{ ...robot, lastUsedAt }] });
    const revoked = await tested.ask("admin", "/robots/ci", { method: "DELETE" });
    expect([revoked.status, await revoked.text()]).toEqual([204, ""]);
    expect(await tested.robots.find("ci")).toBeUndefined();
    const common = {
      actor: "admin",
      identity: "user",
      address: "192.0.2.7",

      requestId: "request of admin",
      reference: "ci",
      outcome: "done",
      userAgent: "test/1",
    };
    expect(await tested.audited()).toMatchObject([
      { ...common, action: "robot-create" },
      { ...common, action: "robot-revoke" },
    ]);
    for (const text of [listed, await tested.auditText(), JSON.stringify(tested.log.lines)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain("brg_");
      expect(text).not.toContain("ingerprint");
    }
  });

  it("are not made twice, nor revoked when there is none", async () => {
    const ask = { method: "POST", json: { name: "ci", rights: [] } };
    expect((await tested.ask("admin", "/robots", ask)).status).toBe(201);
    expect((await tested.ask("admin", "/robots", ask)).status).toBe(409);
    for (const path of ["/robots/none", "/robots/..%2Fci", "/robots/%F0%9F%92%A9"]) {
      expect((await tested.ask("admin", path, { method: "DELETE" })).status).toBe(404);
    }
    const outcomes = (await tested.audited()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["done", "failed", "failed", "failed", "failed"]);
  });

  it("may expire as late as can be written", async () => {
    const expiresAt = "9999-12-31T23:59:59.000Z";
    const json = { name: "ci", rights: [], expiresAt };
    expect((await tested.ask("admin", "/robots", { method: "POST", json })).status).toBe(201);
    const listed = await tested.ask("admin", "/robots");
    expect(await listed.json()).toMatchObject({ robots: [{ name: "ci", expiresAt }] });
  });

  it("whose record cannot be read are revoked all the same, and then made anew", async () => {
    const json = { name: "ci", rights: [] };
    await tested.driver.write(robotKey("ci"), Buffer.from("{}"), calm());
    const taken = await tested.ask("admin", "/robots", { method: "POST", json });
    expect([taken.status, (await toldError(taken)).message]).toEqual([
      409,
      expect.stringContaining("revoke it first"),
    ]);
    expect((await tested.ask("admin", "/robots/ci", { method: "DELETE" })).status).toBe(204);
    expect((await tested.ask("admin", "/robots", { method: "POST", json })).status).toBe(201);
  });

  it("that administer are made by the operator", async () => {
    const path = "/auth/admins";
    const made = await tested.ask("local", path, { method: "POST" });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({
      username: "robot+admin",
      rights: [{ repositories: ["**"], actions: ["admin"] }],
      createdBy: "operator",
      secret: expect.stringMatching(/^brg_/),
    });
    expect((await tested.ask("local", path, { method: "POST" })).status).toBe(409);
    const named = await tested.ask("local", path, { method: "POST", json: { name: "second" } });
    expect(await named.json()).toMatchObject({ name: "second" });
    expect(await tested.audited()).toMatchObject([
      { action: "admin-init", identity: "operator", actor: "operator", reference: "admin" },
      { action: "admin-init", outcome: "failed" },
      { action: "admin-init", reference: "second" },
    ]);
  });
});

describe("a repository", () => {
  it("is removed, which is written down and told", async () => {
    await pushImage(tested.content, "latest");
    const answer = await tested.ask("alice", `/repositories/${APP}`, { method: "DELETE" });
    expect(await answer.json()).toEqual({ repository: APP, tags: 1, manifests: 1, blobs: 2 });
    expect(await tested.content.tags.list(APP, calm())).toBeUndefined();
    expect(await tested.audited()).toMatchObject([
      {
        action: "untag",
        repository: APP,
        reference: "latest",
        before: expect.stringMatching(/^sha256:/),
        actor: "alice",
        outcome: "done",
      },
      { action: "repository-delete", repository: APP, actor: "alice", outcome: "done" },
    ]);
    expect(tested.events).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: tested.clock.now(),
        kind: "repository",
        action: "delete",
        repository: APP,
        actor: { name: "alice", kind: "user" },
        request: {
          id: "request of alice",
          address: "192.0.2.7",
          sureAddress: "192.0.2.7",
          host: "registry.example.com",
          method: "DELETE",
          userAgent: "test/1",
        },
      },
    ]);
    const again = await tested.ask("alice", `/repositories/${APP}`, { method: "DELETE" });
    expect(again.status).toBe(404);
    expect((await toldError(again)).code).toBe("NAME_UNKNOWN");
    expect(tested.events.length).toBe(1);
  });

  it.each(["UPPER", "a//b", "a/", "_x", "a%2F..%2Fb", "a%252Fb"])(
    "is not removed by the name %s",
    async (name) => {
      const answer = await tested.ask("admin", `/repositories/${name}`, { method: "DELETE" });
      expect(answer.status).toBe(400);
      expect((await toldError(answer)).code).toBe("NAME_INVALID");
    },
  );

  it("is not removed while deletes are switched off", async () => {
    const strict = await openApi(resources, { isDeleteEnabled: false });
    await pushImage(strict.content, "latest");
    const answer = await strict.ask("admin", `/repositories/${APP}`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(await strict.content.tags.list(APP, calm())).toEqual(["latest"]);
  });

  it("that cannot be removed for the store is told as failed, and told to nobody else", async () => {
    const remove = (): Promise<never> =>
      Promise.reject(new StorageUnavailable("disk /secret/path full", { reason: "ENOSPC" }));
    const broken = await openApi(resources, { removal: { remove } });
    const answer = await broken.ask("admin", `/repositories/${APP}`, { method: "DELETE" });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.text()).not.toContain("secret");
    expect(await broken.audited()).toMatchObject([{ outcome: "failed" }]);
    expect(broken.events).toEqual([]);
    expect(broken.log.lines).toMatchObject([{ level: "error" }]);
  });
});

describe("keys", () => {
  it.each([
    [undefined, 1],
    [{}, 1],
    [{ revoke: false }, 1],
    [{ revoke: true }, 0],
  ])("are rotated by %j", async (json, retired) => {
    const answer = await tested.ask("admin", "/auth/keys/rotate", { method: "POST", json });
    const { kid, ...keys } = await told<{ kid: string; retired: readonly unknown[] }>(answer);
    expect([answer.status, kid, keys.retired.length]).toEqual([200, "new", retired]);
    expect(await tested.audited()).toMatchObject([{ action: "key-rotate", outcome: "done" }]);
  });

  it("are not rotated where there are none, or where they are given", async () => {
    const none = await openApi(resources, { keys: undefined });
    const ask = { method: "POST", json: {} };
    expect((await none.ask("admin", "/auth/keys/rotate", ask)).status).toBe(404);
    const rotate = (): Promise<never> => Promise.reject(new KeysAreGiven());
    const given = await openApi(resources, { keys: { rotate } });
    expect((await given.ask("admin", "/auth/keys/rotate", ask)).status).toBe(409);
  });
});
