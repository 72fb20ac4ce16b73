import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { basic, getToken, type Lab, openLab, postForm } from "./built-in-lab.ts";

const ALICE = { authorization: basic("alice", "a-pass") };
const REFUSED = { kind: "CredentialsRefused" };

describe("a refresh token", () => {
  async function openWith(
    name: string,
    secret: string,
  ): Promise<{ readonly lab: Lab; readonly refresh: Readonly<Record<string, string>> }> {
    const lab = await openLab();
    const authorization = basic(name, secret);
    const { refresh_token: token = "" } = await getToken(lab, "offline_token=true", {
      authorization,
    });
    return { lab, refresh: { grant_type: "refresh_token", refresh_token: token } };
  }

  it("gives tokens with what its owner may do, and stays the same", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    const answer = await postForm(lab, { ...refresh, scope: "repository:team/a:* repository:x:*" });
    expect(decodeJwt(answer.token).sub).toBe("alice");
    expect(answer.scope).toBe("repository:team/a:pull,push,delete");
    expect(answer.refresh_token).toBe(refresh["refresh_token"]);
  });

  it("is asked for by POST as well", async () => {
    const lab = await openLab();
    const form = { grant_type: "password", username: "robot+ci", password: "secret-of-ci" };
    const { refresh_token: token = "" } = await postForm(lab, { ...form, access_type: "offline" });
    const answer = await postForm(lab, { grant_type: "refresh_token", refresh_token: token });
    expect(decodeJwt(answer.token).sub).toBe("robot+ci");
  });

  it("is no access token, and an access token is none", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    const authorization = `Bearer ${refresh["refresh_token"] ?? ""}`;
    await expect(
      lab.access.identify({ authorization, address: "", certificate: undefined }),
    ).rejects.toMatchObject({ ...REFUSED, isToken: true });
    const { token } = await getToken(lab, "", ALICE);
    await expect(postForm(lab, { ...refresh, refresh_token: token })).rejects.toMatchObject(
      REFUSED,
    );
  });

  it("ends with the password", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    lab.users.passwords.set("alice", "changed");
    await expect(postForm(lab, refresh)).rejects.toMatchObject(REFUSED);
  });

  it("ends with the user", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    lab.users.passwords.delete("alice");
    await expect(postForm(lab, refresh)).rejects.toMatchObject(REFUSED);
  });

  it("ends with the robot, even when one of its name is made anew", async () => {
    const { lab, refresh } = await openWith("robot+ci", "secret-of-ci");
    lab.robots.add({ name: "ci", rights: [], fingerprint: "made again" });
    await expect(postForm(lab, refresh)).rejects.toMatchObject(REFUSED);
  });

  it("outlives a rotation of keys, but not their revocation", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    await lab.keys.rotate();
    await lab.clock.advance(86_400_000);
    expect((await postForm(lab, refresh)).token_type).toBe("Bearer");
    await lab.keys.rotate({ revoke: true });
    await expect(postForm(lab, refresh)).rejects.toMatchObject(REFUSED);
  });

  it("ends after ninety days", async () => {
    const { lab, refresh } = await openWith("alice", "a-pass");
    await lab.clock.advance(90 * 86_400_000);
    expect((await postForm(lab, refresh)).token_type).toBe("Bearer");
    await lab.clock.advance(60_000);
    await expect(postForm(lab, refresh)).rejects.toMatchObject(REFUSED);
  });
});
