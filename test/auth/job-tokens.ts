/** An issuer of jobs' tokens, and Barge's view of it. */
import { generateKeyPairSync } from "node:crypto";
import {
  createWorkloadIssuers,
  type WorkloadIssuers,
} from "../../src/auth/workloads/workload-issuers.ts";
import type { WorkloadIssuerConfig } from "../../src/config/config.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { seal } from "./forged-tokens.ts";

const START = new Date("2026-01-02T03:04:05.000Z");
export const NOW = START.getTime() / 1000;
const ISSUER = "https://issuer.example";
export const AUDIENCE = "barge.example";
export const MINUTE_MS = 60_000;

export const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const jwk = jwkOf(publicKey.export({ format: "jwk" }), "k1");
export const header = { alg: "ES256", typ: "JWT", kid: "k1" };
export const claims = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "repo:org/app:ref:refs/heads/main",
  iat: NOW,
  nbf: NOW,
  exp: NOW + 300,
  repository_owner: "org",
  secret_note: "rules do not look at this",
  teams: ["dev", 7, "ops"],
};

export function jwkOf(key: object, kid: string): Record<string, unknown> {
  return { ...key, kid, alg: "ES256", use: "sig" };
}

export function tokenWith(changes: object = {}, headerChanges: object = {}): string {
  return seal({ ...header, ...headerChanges }, { ...claims, ...changes }, privateKey);
}

export interface Issuers {
  readonly workloads: WorkloadIssuers;
  readonly log: RecordingLogger;
  readonly clock: FakeClock;
}

export function issuersOf(changes: Partial<WorkloadIssuerConfig>): Issuers {
  const log = new RecordingLogger();
  const clock = new FakeClock(START);
  const config = {
    issuer: ISSUER,
    audience: [AUDIENCE],
    jwks: undefined,
    ca: undefined,
    groupsClaim: "teams",
    maxTokenAgeMs: 10 * MINUTE_MS,
    ...changes,
  };
  const rules = { claimsOf: () => ["repository_owner"] };
  const workloads = createWorkloadIssuers({ issuers: { github: config }, rules, clock, log });
  return { workloads, log, clock };
}
