import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import type { Caller, Shown } from "../../src/auth/access.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import {
  basic,
  bearerOf,
  BLOCKED_ADDRESS,
  getToken,
  JOB_TOKEN,
  type Lab,
  openLab,
  shown,
} from "./built-in-lab.ts";

const PUBLIC = parseRepositoryName("public/a");
const TEAM = parseRepositoryName("team/a");
const CI = parseRepositoryName("ci/a");
const ORG = parseRepositoryName("org/a");
const ENDED = { kind: "CredentialsRefused", isToken: true };

async function identify({ access }: Lab, parts: Partial<Shown>): Promise<Caller> {
  return await access.identify(shown(parts));
}

/** What identify throws at once must be seen as well. */
async function refusal(lab: Lab, parts: Partial<Shown>): Promise<unknown> {
  return await identify(lab, parts).then(
    () => "nobody was refused",
    (error: unknown) => error,
  );
}

describe("who asks", () => {
  it.each([
    ["alice by password", basic("alice", "a-pass"), "alice"],
    ["a robot by its secret", basic("robot+ci", "secret-of-ci"), "robot+ci"],
    ["a job by its token", basic("oidc", JOB_TOKEN), "github:repo:org/app"],
  ])("is known: %s, and the same by a token", async (_, authorization, name) => {
    const lab = await openLab();
    const byPassword = await identify(lab, { authorization });
    const { token } = await getToken(lab, "", { authorization });
    const byToken = await identify(lab, { authorization: `Bearer ${token}` });
    for (const caller of [byPassword, byToken]) {
      expect(caller).toMatchObject({ name, lack: "denied", mayList: true, isAdmin: false });
      for (const repository of [PUBLIC, TEAM, CI, ORG]) {
        expect(caller.may("push", repository)).toBe(byPassword.may("push", repository));
      }
    }
    expect(byToken.identity).toEqual(byPassword.identity);
  });

  it("is nobody without a header, and with a token of nobody", async () => {
    const lab = await openLab();
    const { token } = await getToken(lab, "");
    for (const authorization of [undefined, `Bearer ${token}`]) {
      const caller = await identify(lab, { authorization });
      expect(caller).toMatchObject({ name: "", lack: "challenge", mayList: true, isAdmin: false });
      expect([caller.may("pull", PUBLIC), caller.may("pull", TEAM)]).toEqual([true, false]);
    }
  });

  it("is told by a certificate, with its groups, unless a header says more", async () => {
    const lab = await openLab();
    const certificate = { commonName: "carol", organizations: ["ops"] };
    const carol = await identify(lab, { certificate });
    expect(carol).toMatchObject({ name: "carol", lack: "denied" });
    expect([carol.may("pull", TEAM), carol.may("push", TEAM)]).toEqual([true, false]);
    const authorization = basic("alice", "a-pass");
    expect((await identify(lab, { certificate, authorization })).name).toBe("alice");
    const wrong = await refusal(lab, { certificate, authorization: basic("alice", "wrong") });
    expect(wrong).toMatchObject({ kind: "CredentialsRefused" });
  });

  it("is known by the token that a certificate got, whatever password there is", async () => {
    const lab = await openLab();
    const certificate = { commonName: "alice", organizations: [] };
    const { token } = await getToken(lab, "", { certificate });
    expect((await identify(lab, { authorization: `Bearer ${token}` })).name).toBe("alice");
  });

  it.each(["", "robot+ci", "github:repo:acme/app"])(
    "is nobody by a certificate of '%s'",
    async (commonName) => {
      const lab = await openLab();
      const certificate = { commonName, organizations: ["ops"] };
      expect((await identify(lab, { certificate })).identity.kind).toBe("anonymous");
    },
  );

  it("is an administrator by a rule for every repository, or as a robot by its right", async () => {
    const lab = await openLab();
    lab.robots.add({ name: "root", rights: [{ repositories: ["**"], actions: ["admin"] }] });
    lab.robots.add({ name: "half", rights: [{ repositories: ["team/**"], actions: ["admin"] }] });
    const admins = await Promise.all(
      ["root r-pass", "alice a-pass", "robot+root secret-of-root", "robot+half secret-of-half"].map(
        async (words) => {
          const [name = "", password = ""] = words.split(" ");
          return (await identify(lab, { authorization: basic(name, password) })).isAdmin;
        },
      ),
    );
    expect(admins).toEqual([true, false, true, false]);
  });

  it("may what rules and a robot's own rights allow, however often it is asked", async () => {
    const lab = await openLab();
    const caller = await identify(lab, {
      authorization: await bearerOf(lab, "robot+ci", "secret-of-ci"),
    });
    for (const _ of ["once", "again"]) {
      expect(caller.may("push", CI)).toBe(true);
      expect(caller.may("overwrite", CI)).toBe(false);
      expect(caller.may("pull", PUBLIC)).toBe(true);
      expect(caller.may("pull", TEAM)).toBe(false);
    }
  });

  it.each([
    ["two spaces", (token: string) => `Bearer  ${token}`],
    ["no space", (token: string) => `Bearer${token}`],
    ["another scheme", (token: string) => `Token ${token}`],
    ["a comma and more", (token: string) => `Bearer ${token}, Basic x`],
    ["a token as a password", (token: string) => basic("alice", token)],
    ["a token as a job's", (token: string) => basic("oidc", token)],
    ["an empty token", () => "Bearer "],
    ["nothing", () => ""],
    ["a password as a token", () => "Bearer a-pass"],
  ])("is refused with %s", async (_, header) => {
    const lab = await openLab();
    const { token } = await getToken(lab, "", { authorization: basic("alice", "a-pass") });
    expect(await refusal(lab, { authorization: header(token) })).toMatchObject({
      kind: "CredentialsRefused",
    });
  });

  it("is known by a scheme in any letters", async () => {
    const lab = await openLab();
    const header = await bearerOf(lab, "alice", "a-pass");
    for (const scheme of ["bearer", "BEARER"]) {
      const authorization = header.replace("Bearer", scheme);
      expect((await identify(lab, { authorization })).name).toBe("alice");
    }
  });

  it("has to wait after too many passwords, but not with a token", async () => {
    const lab = await openLab();
    const address = BLOCKED_ADDRESS;
    const password = await refusal(lab, { address, authorization: basic("alice", "a-pass") });
    expect(password).toMatchObject({ kind: "TooManyAttempts", retryAfterSeconds: 7 });
    const authorization = await bearerOf(lab, "alice", "a-pass");
    expect((await identify(lab, { address, authorization })).name).toBe("alice");
  });
});

describe("a token that was taken before", () => {
  interface Warm {
    readonly lab: Lab;
    readonly authorization: string;
  }

  async function warm(name = "alice", password = "a-pass"): Promise<Warm> {
    const lab = await openLab();
    const authorization = await bearerOf(lab, name, password);
    await identify(lab, { authorization });
    return { lab, authorization };
  }

  it("is taken at once", async () => {
    const { lab, authorization } = await warm();
    expect(lab.access.identify(shown({ authorization }))).not.toBeInstanceOf(Promise);
  });

  it.each(["fast", "slow"])("is the same robot's, with a %s directory", async (speed) => {
    const { lab, authorization } = await warm("robot+ci", "secret-of-ci");
    lab.robots.isSlow = speed === "slow";
    const caller = lab.access.identify(shown({ authorization }));
    expect(caller instanceof Promise).toBe(speed === "slow");
    expect((await caller).name).toBe("robot+ci");
  });

  it("ends with the password, though another works", async () => {
    const { lab, authorization } = await warm();
    lab.users.passwords.set("alice", "changed");
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
    const fresh = await bearerOf(lab, "alice", "changed");
    expect((await identify(lab, { authorization: fresh })).name).toBe("alice");
  });

  it("ends with the user", async () => {
    const { lab, authorization } = await warm();
    lab.users.passwords.delete("alice");
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });

  it.each(["fast", "slow"])("ends with the robot, with a %s directory", async (speed) => {
    const { lab, authorization } = await warm("robot+ci", "secret-of-ci");
    lab.robots.isSlow = speed === "slow";
    lab.robots.robots.delete("ci");
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });

  it("ends with the robot, though one of its name is made anew", async () => {
    const { lab, authorization } = await warm("robot+ci", "secret-of-ci");
    lab.robots.add({
      name: "ci",
      rights: [{ repositories: ["**"], actions: ["admin"] }],
      fingerprint: "made again",
    });
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });

  it("ends in its time", async () => {
    const { lab, authorization } = await warm();
    await lab.clock.advance(5 * 60_000);
    expect((await identify(lab, { authorization })).name).toBe("alice");
    await lab.clock.advance(30_000);
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });

  it("ends with its key when that is revoked, not when it is rotated", async () => {
    const { lab, authorization } = await warm();
    await lab.keys.rotate();
    expect((await identify(lab, { authorization })).name).toBe("alice");
    await lab.keys.rotate({ revoke: true });
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });

  it("does not come back once it was refused", async () => {
    const { lab, authorization } = await warm();
    lab.users.passwords.delete("alice");
    await refusal(lab, { authorization });
    lab.users.passwords.set("alice", "new");
    expect(await refusal(lab, { authorization })).toMatchObject(ENDED);
  });
});

describe("challenge", () => {
  const needed = [{ kind: "repository", repository: TEAM, actions: ["pull"] }] as const;

  it("sends clients to the token endpoint of this server", async () => {
    const { access } = await openLab();
    expect(access.challenge({ origin: "https://r.example", needed, error: "invalid_token" })).toBe(
      'Bearer realm="https://r.example/auth/token",service="registry.example",' +
        'scope="repository:team/a:pull",error="invalid_token"',
    );
  });
});

it("a token names for others what its bearer may do, and proves it to us for everything", async () => {
  const lab = await openLab();
  const authorization = basic("alice", "a-pass");
  const { token } = await getToken(lab, "scope=repository:public/a:pull", { authorization });
  expect(decodeJwt(token)["access"]).toHaveLength(1);
  const caller = await identify(lab, { authorization: `Bearer ${token}` });
  expect(caller.may("delete", TEAM)).toBe(true);
});
