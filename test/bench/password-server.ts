/** Barge with a file of users, in either of the ways that it takes passwords. */
import { randomBytes } from "node:crypto";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash } from "@node-rs/bcrypt";
import { digestOf } from "../../src/oci/digest.ts";
import { openBarge } from "../fixtures/barge.ts";

export type PasswordMode = "htpasswd" | "built-in";

export interface PasswordServerOptions {
  readonly mode: PasswordMode;
  /** Of bcrypt, one for each user. */
  readonly costs: readonly number[];
  /** Whether as many wrong passwords are taken as come. Only for `built-in`. */
  readonly isUnlimited: boolean;
}

export interface PasswordServer {
  readonly origin: URL;
  readonly users: readonly string[];
  /** Of the first of the users. */
  readonly authorization: string;
}

export const BENCH_REPOSITORY = "bench/passwords";
const UNLIMITED = { perAddress: 100_000, perAccount: 100_000 };

/** @param resources ends it and removes its data. */
export async function openPasswordServer(
  resources: AsyncDisposableStack,
  { mode, costs, isUnlimited }: PasswordServerOptions,
): Promise<PasswordServer> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-users-"))).path;
  const path = join(folder, "htpasswd");
  const users = costs.map((_, index) => `user-${index}`);
  const password = randomBytes(12).toString("hex");
  const lines = costs.map(
    async (cost, index) => `user-${index}:${await hash(password, { cost })}\n`,
  );
  await writeFile(path, (await Promise.all(lines)).join(""));
  const sections =
    mode === "htpasswd"
      ? { auth: { htpasswd: { realm: "bench", path } } }
      : { barge: builtIn(path, isUnlimited) };
  const { origin } = await openBarge(resources, {
    storage: "filesystem",
    sections,
  });
  const authorization = `Basic ${Buffer.from(`user-0:${password}`).toString("base64")}`;
  return { origin, users, authorization };
}

function builtIn(users: string, isUnlimited: boolean): object {
  return {
    auth: { users, ...(isUnlimited ? { attempts: UNLIMITED } : {}) },
    access: [{ subject: "authenticated", repositories: ["**"], actions: ["pull", "push"] }],
  };
}

/** @returns the path of a new blob of random bytes. */
export async function pushRandomBlob(
  { origin, authorization }: PasswordServer,
  sizeBytes: number,
): Promise<string> {
  const bytes = randomBytes(sizeBytes);
  const digest = digestOf(bytes);
  const url = new URL(`/v2/${BENCH_REPOSITORY}/blobs/uploads/?digest=${digest}`, origin);
  const answer = await fetch(url, { method: "POST", body: bytes, headers: { authorization } });
  if (answer.status !== 201) throw new Error(`pushed: ${answer.status} ${await answer.text()}`);
  return `/v2/${BENCH_REPOSITORY}/blobs/${digest}`;
}

/** What a client sends with each pull. */
export async function pullAuthorization(
  { origin, authorization }: PasswordServer,
  mode: PasswordMode,
): Promise<string> {
  if (mode === "htpasswd") return authorization;
  const scope = `repository:${BENCH_REPOSITORY}:pull`;
  const url = new URL(`/auth/token?service=barge&scope=${encodeURIComponent(scope)}`, origin);
  const answer = await fetch(url, { headers: { authorization } });
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
  const { token } = (await answer.json()) as { readonly token: string };
  return `Bearer ${token}`;
}
