/** What somebody proved once, as Barge's own tokens carry it from request to request. */
import { isJsonObject } from "../../oci/descriptor.ts";
import { ANONYMOUS, type Identity } from "../identity.ts";

/** Who somebody is, and what must not have changed since they proved it. */
export interface Proven {
  readonly identity: Identity;
  /** Of the user's password or of the robot; `undefined` where nothing but the token's end ends it. */
  readonly fingerprint: string | undefined;
}

/** Nobody has said who they are. */
export const UNPROVEN: Proven = { identity: ANONYMOUS, fingerprint: undefined };

/** Reads the claim that holds a {@link Proven}; `undefined` when it holds something else. */
export function readProven(claim: unknown): Proven | undefined {
  if (!isJsonObject(claim)) return undefined;
  const { fingerprint } = claim;
  if (fingerprint !== undefined && typeof fingerprint !== "string") return undefined;
  const identity = readIdentity(claim["identity"]);
  return identity === undefined ? undefined : { identity, fingerprint };
}

function readIdentity(value: unknown): Identity | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, name } = value;
  if (kind === "anonymous") return ANONYMOUS;
  if (kind === "workload") return readWorkload(value);
  if (typeof name !== "string") return undefined;
  if (kind === "robot") return { kind, name };
  const groups = readTexts(value["groups"]);
  return kind === "user" && groups !== undefined ? { kind, name, groups } : undefined;
}

function readWorkload(value: Readonly<Record<string, unknown>>): Identity | undefined {
  const { issuer, subject, claims } = value;
  const groups = readTexts(value["groups"]);
  if (typeof issuer !== "string" || typeof subject !== "string") return undefined;
  if (!isJsonObject(claims) || groups === undefined) return undefined;
  return { kind: "workload", issuer, subject, claims, groups };
}

function readTexts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  const texts = items.filter((item) => typeof item === "string");
  return texts.length === items.length ? texts : undefined;
}
