/** Every way in which the people of the matrix say who they are, and ways that are no good. */
import { generateKeyPairSync } from "node:crypto";
import type { OwnTokens } from "../../src/app/access.ts";
import { parseTokenQuery } from "../../src/auth/tokens/token-request.ts";
import { signToken } from "../fixtures/json-web-token.ts";
import { jobToken, type MatrixRegistry } from "./matrix-registry.ts";
import {
  ACTORS,
  type ActorName,
  BUILD_SECRET,
  type Credential,
  PASSWORD_OF,
} from "./matrix-table.ts";

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** A token for whoever shows that header. What it names shall not matter. */
export async function tokenFor(
  { tokens }: OwnTokens,
  authorization: string | undefined,
  query = "scope=repository:public/image:pull",
): Promise<{ readonly token: string; readonly refresh_token?: string }> {
  const shown = { authorization, address: "192.0.2.1", certificate: undefined };
  return await tokens.answer(parseTokenQuery(new URLSearchParams(query)), shown);
}

/** Of a certificate there is nothing to show in a header: who has it is a client of its own. */
export async function goodCredentials(matrix: MatrixRegistry): Promise<readonly Credential[]> {
  const names = Object.keys(ACTORS) as ActorName[];
  const pairs = await Promise.all(
    names.map(async (actor): Promise<Credential[]> => {
      const authorization = headerOf(matrix, actor);
      const first = { title: `${actor} by ${schemeOf(actor)}`, actor, authorization };
      if (ACTORS[actor].kind === "certificate") return [{ ...first, isFirst: false }];
      const { token } = await tokenFor(matrix.own, authorization);
      const second = { title: `${actor} by token`, actor, authorization: `Bearer ${token}` };
      return [
        { ...first, isFirst: true },
        { ...second, isFirst: false },
      ];
    }),
  );
  return pairs.flat();
}

function schemeOf(actor: ActorName): string {
  const { kind } = ACTORS[actor];
  return kind === "nobody" ? "nothing" : kind === "certificate" ? "certificate" : "password";
}

function headerOf({ issuer, robotSecret }: MatrixRegistry, actor: ActorName): string | undefined {
  switch (ACTORS[actor].kind) {
    case "user":
      return basic(actor, PASSWORD_OF(actor));
    case "robot":
      return basic(actor, BUILD_SECRET);
    case "own robot":
      return basic(actor, robotSecret);
    case "job":
      return basic("oidc", jobToken(issuer, actor === "job" ? "org" : "stranger"));
    case "certificate":
    case "nobody":
      return undefined;
  }
}

/** All made from those of somebody who may do everything. */
export async function badCredentials(matrix: MatrixRegistry): Promise<readonly Credential[]> {
  const { own, issuer, signingKey } = matrix;
  const admin = basic("admin", PASSWORD_OF("admin"));
  const { token, refresh_token: refresh = "" } = await tokenFor(own, admin, "offline_token=true");
  const [header, claims] = token
    .split(".", 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as object);
  const parts = { header: { ...header }, claims: { ...claims } as Record<string, unknown> };
  const before = Math.floor(Date.now() / 1000) - 7200;
  const expired = { ...parts.claims, iat: before, nbf: before, exp: before + 300 };
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const job = jobToken(issuer, "org");
  const forged = jobToken({ ...issuer, privateKey: stranger }, "org");
  const bearers = {
    "an expired token": signToken({ ...parts, claims: expired, key: signingKey }),
    "a stranger's token": signToken({ ...parts, key: stranger }),
    "an unsigned token": signToken({ ...parts, header: { ...parts.header, alg: "none" }, key: "" }),
    "a refresh token": refresh,
    "a job's token as it is": job,
    "a password for a token": PASSWORD_OF("admin"),
  };
  const headers = {
    ...Object.fromEntries(Object.entries(bearers).map(([title, one]) => [title, `Bearer ${one}`])),
    "two spaces before the token": `Bearer  ${token}`,
    "an unknown scheme": `Token ${token}`,
    "an empty header": "",
    "a wrong password": basic("admin", "wrong"),
    "an unknown user": basic("nobody", PASSWORD_OF("admin")),
    "a user of a certificate": basic("carol", PASSWORD_OF("carol")),
    "a wrong secret": basic("robot+build", `${BUILD_SECRET}?`),
    "a token for a password": basic("admin", token),
    "a forged job": basic("oidc", forged),
    "a name without a password": `Basic ${Buffer.from("admin").toString("base64")}`,
  };
  return Object.entries(headers).map(([title, authorization]) => ({
    title,
    actor: undefined,
    isFirst: false,
    authorization,
  }));
}
