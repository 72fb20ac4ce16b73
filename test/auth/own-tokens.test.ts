import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { AccessTokens } from "../../src/auth/tokens/access-tokens.ts";
import type { GrantedScope } from "../../src/auth/tokens/granted-scopes.ts";
import type { Proven } from "../../src/auth/tokens/proven.ts";
import { RefreshTokens } from "../../src/auth/tokens/refresh-tokens.ts";
import { openSigningKeys } from "../../src/auth/tokens/signing-keys.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { forgedTokens, type GoodToken, seal } from "./forged-tokens.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START = new Date("2026-01-02T03:04:05.000Z");
const clock = new FakeClock(START);
const config = {
  issuer: "https://barge.example",
  service: "barge.example",
  tokenLifetimeMs: 5 * MINUTE_MS,
  refreshTokenLifetimeMs: 90 * DAY_MS,
};
const keys = await openSigningKeys({
  ...config,
  given: undefined,
  directory: undefined,
  clock,
  log: new RecordingLogger(),
});
const access = new AccessTokens({ config, keys, clock });
const refresh = new RefreshTokens({ config, keys, clock });

const ALICE: Proven = {
  identity: { kind: "user", name: "alice", groups: ["dev"] },
  fingerprint: "f",
};
const ROBOT: Proven = { identity: { kind: "robot", name: "ci" }, fingerprint: "r" };
const JOB: Proven = {
  identity: {
    kind: "workload",
    issuer: "github",
    subject: "repo:org/app",
    claims: { repository_owner: "org", nested: { list: [1, "two"] } },
    groups: ["builders"],
  },
  fingerprint: undefined,
};
const ANONYMOUS: Proven = { identity: { kind: "anonymous" }, fingerprint: undefined };

const KINDS = {
  access: {
    make: async () => (await access.issue(ALICE, [])).token,
    verify: async (token: string) => await access.verify(token),
    maxAgeSeconds: 6 * 60,
  },
  refresh: {
    make: async () => (await refresh.issue(ALICE)) ?? "",
    verify: async (token: string) => await refresh.verify(token),
    maxAgeSeconds: 90 * 86_400 + 60,
  },
};

async function goodToken(kind: keyof typeof KINDS): Promise<GoodToken> {
  const token = await KINDS[kind].make();
  const { privateKey, publicKey } = await keys.signer();
  return {
    header: { ...decodeProtectedHeader(token) },
    claims: decodeJwt(token),
    privateKey,
    publicKey,
    toleranceSeconds: 0,
    maxAgeSeconds: KINDS[kind].maxAgeSeconds,
    nowSeconds: START.getTime() / 1000,
  };
}

const REQUIRED = ["exp", "iat", "nbf", "sub", "iss", "aud", "jti", "barge"];

describe.each(["access", "refresh"] as const)("a token for %s", async (kind) => {
  const good = await goodToken(kind);
  const { verify } = KINDS[kind];

  it("is taken as it was made", async () => {
    const { header, claims, privateKey } = good;
    const verified = await verify(seal(header, claims, privateKey));
    expect(verified.proven).toEqual(ALICE);
  });

  const refused: readonly (readonly [string, string])[] = [
    ...forgedTokens(good, REQUIRED),
    ["another type", seal({ ...good.header, typ: "at+jwt" }, good.claims, good.privateKey)],
    ["no type", seal({ ...good.header, typ: undefined }, good.claims, good.privateKey)],
    [
      "nobody in it",
      seal(good.header, { ...good.claims, barge: { identity: { kind: "root" } } }, good.privateKey),
    ],
    [
      "a user without groups in it",
      seal(
        good.header,
        { ...good.claims, barge: { identity: { kind: "user", name: "a" } } },
        good.privateKey,
      ),
    ],
  ];

  it.each(refused)("is refused with %s", async (_, token) => {
    await expect(verify(token)).rejects.toMatchObject({
      kind: "CredentialsRefused",
      isToken: true,
    });
  });
});

it("an access token is no refresh token, nor the other way round", async () => {
  await expect(refresh.verify(await KINDS.access.make())).rejects.toThrow("typ");
  await expect(access.verify(await KINDS.refresh.make())).rejects.toThrow("typ");
});

it("neither passes as the other by its type alone", async () => {
  for (const [kind, other] of [
    ["access", "refresh"],
    ["refresh", "access"],
  ] as const) {
    const { header, claims, privateKey } = await goodToken(kind);
    const { typ } = (await goodToken(other)).header;
    const token = seal({ ...header, typ }, claims, privateKey);
    await expect(KINDS[other].verify(token)).rejects.toThrow("aud");
  }
});

it.each([
  ["a user", ALICE, "alice"],
  ["a robot", ROBOT, "robot+ci"],
  ["a job", JOB, "github:repo:org/app"],
  ["nobody", ANONYMOUS, ""],
])("an access token tells of %s all that was proved", async (_, proven, sub) => {
  const { token } = await access.issue(proven, []);
  expect((await access.verify(token)).proven).toEqual(proven);
  expect(decodeJwt(token).sub).toBe(sub);
});

it.each([
  ["a job", JOB],
  ["nobody", ANONYMOUS],
])("there is no refresh token for %s", async (_, proven) => {
  expect(await refresh.issue(proven)).toBeUndefined();
});

describe("the size of an access token", () => {
  const scopes: readonly GrantedScope[] = Array.from({ length: 100 }, (_, place) => ({
    type: "repository",
    name: `team/${"x".repeat(100)}/${place}`,
    actions: ["pull", "push"],
  }));

  it.each([
    ["a user", ALICE],
    ["a job", JOB],
  ])("stays below 4 KiB however much %s asks for", async (_, proven) => {
    const { token, access: named } = await access.issue(proven, scopes);
    expect(token.length).toBeLessThanOrEqual(4096);
    expect(token.length).toBeGreaterThan(3800);
    expect(named).toEqual(scopes.slice(0, named.length));
    expect(decodeJwt(token)["access"]).toEqual(named);
  });

  it("never carries groups without end", async () => {
    const groups = Array.from({ length: 1000 }, (_, place) => `group-${place}`);
    const identity = { kind: "user", name: "alice", groups } as const;
    await expect(access.issue({ identity, fingerprint: "f" }, [])).rejects.toThrow("too long");
  });
});

it("a life of less than a minute is made a minute", async () => {
  const short = new AccessTokens({ config: { ...config, tokenLifetimeMs: 1000 }, keys, clock });
  expect((await short.issue(ALICE, [])).lifetimeMs).toBe(MINUTE_MS);
});

it("bears the key by id and by certificate", async () => {
  const { kid, certificate } = await keys.signer();
  const { token } = await access.issue(ALICE, []);
  expect(decodeProtectedHeader(token)).toEqual({
    alg: "ES256",
    typ: "JWT",
    kid,
    x5c: [certificate?.toString("base64")],
  });
});
