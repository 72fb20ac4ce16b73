/** What is counted against an address though no password was tried. */
import { describe, expect, it } from "vitest";
import {
  basic,
  bearerOf,
  BLOCKED_ADDRESS,
  getToken,
  type Lab,
  openLab,
  postForm,
  shown,
} from "./built-in-lab.ts";

const ADDRESS = "192.0.2.1";
const REFUSED = { kind: "CredentialsRefused" };
const TOO_MANY = { kind: "TooManyAttempts", retryAfterSeconds: 7 };

/** Spoilt in its signature. */
function forged(token: string): string {
  const at = token.lastIndexOf(".") + 5;
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
}

async function identified(lab: Lab, authorization: string, address = ADDRESS): Promise<string> {
  return (await lab.access.identify(shown({ authorization, address }))).name;
}

async function forgedBearer(lab: Lab): Promise<string> {
  return forged(await bearerOf(lab, "alice", "a-pass"));
}

async function refreshTokenOf(lab: Lab): Promise<string> {
  const authorization = basic("alice", "a-pass");
  const { refresh_token: token = "" } = await getToken(lab, "offline_token=true", {
    authorization,
  });
  return token;
}

describe("credentials that cannot be tried", () => {
  it.each([
    ["a forged token", forgedBearer],
    ["a token of nobody's", () => "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA"],
    ["what is no token", () => "Bearer !!!"],
    ["Basic without base64", () => "Basic !!!"],
    ["Basic without a colon", () => `Basic ${Buffer.from("alice").toString("base64")}`],
    ["another scheme", () => "Digest x"],
  ])("count against their address: %s", async (_, headerOf) => {
    const lab = await openLab();
    const header = await headerOf(lab);
    await expect(identified(lab, header)).rejects.toMatchObject(REFUSED);
    expect(lab.misses).toEqual([ADDRESS]);
    await expect(identified(lab, header, BLOCKED_ADDRESS)).rejects.toMatchObject(TOO_MANY);
  });

  it("count at the token endpoint as well", async () => {
    const lab = await openLab();
    const token = forged(await refreshTokenOf(lab));
    const refresh = { grant_type: "refresh_token", refresh_token: token };
    const password = { grant_type: "password", username: "a:b", password: "x" };
    for (const form of [refresh, password]) {
      await expect(postForm(lab, form)).rejects.toMatchObject(REFUSED);
      const address = BLOCKED_ADDRESS;
      await expect(postForm(lab, form, { address })).rejects.toMatchObject(TOO_MANY);
    }
    const authorization = "Basic !!!";
    await expect(getToken(lab, "", { authorization })).rejects.toMatchObject(REFUSED);
    expect(lab.misses).toEqual([ADDRESS, ADDRESS, ADDRESS]);
  });
});

describe("what can be tried, or could once", () => {
  it("does not count: a wrong password is a try", async () => {
    const lab = await openLab();
    const wrong = basic("alice", "wrong");
    await expect(identified(lab, wrong)).rejects.toMatchObject(REFUSED);
    expect([lab.tries, lab.misses]).toEqual([["alice"], []]);
  });

  it("does not count: a token is taken from where too many others were not", async () => {
    const lab = await openLab();
    const header = await bearerOf(lab, "alice", "a-pass");
    expect(await identified(lab, header, BLOCKED_ADDRESS)).toBe("alice");
    expect(await identified(lab, header, BLOCKED_ADDRESS)).toBe("alice");
    expect(lab.misses).toEqual([]);
  });

  it.each(["new to the server", "known to it"])(
    "does not count: a token that has ended, %s",
    async (how) => {
      const lab = await openLab();
      const header = await bearerOf(lab, "alice", "a-pass");
      if (how === "known to it") await identified(lab, header);
      await lab.clock.advance(10 * 60_000);
      await expect(identified(lab, header)).rejects.toMatchObject(REFUSED);
      await expect(identified(lab, header, BLOCKED_ADDRESS)).rejects.toMatchObject(REFUSED);
      expect(lab.misses).toEqual([]);
    },
  );

  it("does not count: a token whose password was changed", async () => {
    const lab = await openLab();
    const header = await bearerOf(lab, "alice", "a-pass");
    const form = { grant_type: "refresh_token", refresh_token: await refreshTokenOf(lab) };
    lab.users.passwords.set("alice", "changed");
    await expect(identified(lab, header)).rejects.toMatchObject(REFUSED);
    await expect(postForm(lab, form)).rejects.toMatchObject(REFUSED);
    expect(lab.misses).toEqual([]);
  });
});
