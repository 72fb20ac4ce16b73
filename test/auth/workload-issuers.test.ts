import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { forgedTokens, type GoodToken, sealText } from "./forged-tokens.ts";
import {
  claims,
  header,
  issuersOf,
  jwk,
  NOW,
  privateKey,
  publicKey,
  tokenWith,
  AUDIENCE,
} from "./job-tokens.ts";

const REFUSED = { kind: "CredentialsRefused" };

describe("a job's token", async () => {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-issuer-"));
  afterAll(() => folder.remove());
  const path = join(folder.path, "keys.json");
  await writeFile(path, JSON.stringify({ keys: [jwk] }));
  const { workloads } = issuersOf({ jwks: `file:${path}` });
  const good: GoodToken = {
    header,
    claims,
    privateKey,
    publicKey,
    toleranceSeconds: 30,
    maxAgeSeconds: 600,
    nowSeconds: NOW,
  };

  it("says whose it is, and of its claims what rules look at", async () => {
    expect(await workloads.verify(tokenWith())).toEqual({
      kind: "workload",
      issuer: "github",
      subject: claims.sub,
      claims: { repository_owner: "org" },
      groups: ["github:dev", "github:ops"],
    });
  });

  it.each([
    ["one text", "dev", ["github:dev"]],
    ["a list", ["dev", "ops"], ["github:dev", "github:ops"]],
    ["nothing", undefined, []],
    ["a map", { dev: true }, []],
    ["a number", 7, []],
  ])("names groups by %s", async (_, teams, groups) => {
    expect((await workloads.verify(tokenWith({ teams }))).groups).toEqual(groups);
  });

  it.each([
    ["in a list with others", { aud: ["elsewhere", AUDIENCE] }],
    ["that lives for years, as long as it is young", { exp: NOW + 10 ** 9 }],
    ["without nbf", { nbf: undefined }],
  ])("is taken %s", async (_, changes) => {
    expect((await workloads.verify(tokenWith(changes))).issuer).toBe("github");
  });

  const refused: readonly (readonly [string, string])[] = [
    ...forgedTokens(good, ["exp", "iat", "sub", "iss", "aud"]),
    ["an empty subject", tokenWith({ sub: "" })],
    ["a subject without end", tokenWith({ sub: "x".repeat(1025) })],
    ["20 kB of claims", tokenWith({ more: "x".repeat(20_000) })],
    ["a claim that is there twice", twice()],
  ];

  it.each(refused)("is refused with %s", async (_, token) => {
    await expect(workloads.verify(token)).rejects.toMatchObject(REFUSED);
  });

  /** Signed as it is: other parsers would read the first of the two. */
  function twice(): string {
    const text = JSON.stringify({ ...claims, sub: "marker" }).replace(
      '"sub":"marker"',
      `"sub":"somebody","sub":"${claims.sub}"`,
    );
    return sealText(JSON.stringify(header), text, privateKey);
  }
});
