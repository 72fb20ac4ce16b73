import { describe, expect, it } from "vitest";
import type { Shown } from "../../src/auth/access.ts";
import { ACTIONS } from "../../src/auth/action.ts";
import { AttemptLimiter } from "../../src/auth/attempts/attempts.ts";
import { AuthUnavailable, CredentialsRefused, TooManyAttempts } from "../../src/auth/errors.ts";
import { createHtpasswdAccess } from "../../src/auth/htpasswd-access.ts";
import type { Users } from "../../src/auth/users.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const REPOSITORY = parseRepositoryName("team/app");

/** Alice's is `a`, and there is nobody else. Carol's cannot be checked. */
function open(realm = "Registry Realm", addresses: (string | undefined)[] = []) {
  const verify: Users["verify"] = (name, password, from) => {
    addresses.push(from?.address);
    if (name === "carol") return Promise.reject(new AuthUnavailable("too many"));
    return Promise.resolve(name === "alice" && password === "a");
  };
  const attempts = new AttemptLimiter({ perAddress: 5, perAccount: 2, clock: new FakeClock() });
  const config = { kind: "htpasswd", realm, path: "/unused" } as const;
  return createHtpasswdAccess(config, { users: { verify, fingerprint: () => "same" }, attempts });
}

function shown(authorization: string | undefined, address = "192.0.2.1"): Shown {
  return { authorization, address, certificate: undefined };
}

function basic(text: string, address?: string): Shown {
  return shown(`Basic ${Buffer.from(text).toString("base64")}`, address);
}

describe("createHtpasswdAccess()", () => {
  it("lets each user do everything but administer", async () => {
    const caller = await open().identify(basic("alice:a"));
    expect(caller).toMatchObject({
      identity: { kind: "user", name: "alice", groups: [] },
      name: "alice",
      mayList: true,
      isAdmin: false,
      lack: "denied",
    });
    expect(ACTIONS.filter((action) => caller.may(action, REPOSITORY))).toEqual(
      ACTIONS.filter((action) => action !== "admin"),
    );
  });

  it.each([undefined, "", "Bearer abc", "Digest x", "alice:a"])(
    "asks whoever shows %j to say who they are",
    async (authorization) => {
      const caller = await open().identify(shown(authorization));
      expect(caller).toMatchObject({
        identity: { kind: "anonymous" },
        name: "",
        mayList: false,
        isAdmin: false,
        lack: "challenge",
      });
      expect(ACTIONS.some((action) => caller.may(action, REPOSITORY))).toBe(false);
    },
  );

  it.each(["alice:b", "bob:a", "bob:", "alice"])("refuses %j, which is no token", async (text) => {
    const access = open();
    const refused = (async () => await access.identify(basic(text)))();
    await expect(refused).rejects.toBeInstanceOf(CredentialsRefused);
    await expect(refused).rejects.toMatchObject({ isToken: false });
  });

  it("refuses users that there are and those that there are not in the same words", async () => {
    const tell = async (text: string): Promise<string> => {
      try {
        await open().identify(basic(text));
        return "let in";
      } catch (error) {
        return String(error);
      }
    };
    expect(await tell("alice:b")).toBe(await tell("nobody:b"));
    expect(await tell("alice:canary")).not.toContain("canary");
  });

  it("stops guesses at an account, with the right one among them, but not for other addresses", async () => {
    const access = open();
    for (const text of ["alice:x", "alice:y"]) {
      await expect(access.identify(basic(text))).rejects.toBeInstanceOf(CredentialsRefused);
    }
    await expect(access.identify(basic("alice:a"))).rejects.toBeInstanceOf(TooManyAttempts);
    await expect(access.identify(basic("alice:a", "192.0.2.2"))).resolves.toMatchObject({
      name: "alice",
    });
  });

  it("tells from which address a password comes, for its place in the queue", async () => {
    const addresses: (string | undefined)[] = [];
    await open("realm", addresses).identify(basic("alice:a", "192.0.2.7"));
    expect(addresses).toEqual(["192.0.2.7"]);
  });

  it("does not count what could not be checked", async () => {
    const access = open();
    for (let count = 0; count < 9; count += 1) {
      await expect(access.identify(basic("carol:c"))).rejects.toBeInstanceOf(AuthUnavailable);
    }
    await expect(access.identify(basic("alice:a"))).resolves.toMatchObject({ name: "alice" });
  });

  it("tells which realm it is, on one line", () => {
    const options = { origin: "https://registry.example.com", needed: [] };
    expect(open().challenge(options)).toBe('Basic realm="Registry Realm"');
    expect(open('a "b"\r\nX: y').challenge(options)).not.toMatch(/[\r\n]/);
  });
});
