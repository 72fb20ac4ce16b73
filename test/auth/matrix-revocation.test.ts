/** What is taken away is gone with the next request, however often it was asked for before. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRobotRecords } from "../../src/auth/robots/robot-records.ts";
import { createContentStore } from "../../src/content/content-store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { configOf } from "../fixtures/in-process-registry.ts";
import { htpasswdLine } from "./htpasswd-lines.ts";
import type { Client } from "./matrix-client.ts";
import { basic, tokenFor } from "./matrix-credentials.ts";
import { type MatrixRegistry, openMatrix } from "./matrix-registry.ts";
import { PASSWORD_OF } from "./matrix-table.ts";
import { BLOB, EXISTING, IMAGE, Owner, REFERRER } from "./matrix-world.ts";

const REPOSITORY = `myteam/${EXISTING}`;
const signal = new AbortController();

let resources: AsyncDisposableStack;
let matrix: MatrixRegistry;
let client: Client;
let owner: Owner;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  matrix = await openMatrix(resources);
  client = matrix.client();
  owner = new Owner(matrix.client());
  await owner.fill();
});
afterEach(async () => resources.disposeAsync());

/** Each way to say who one is, used often enough that everything about it is remembered. */
async function warmed(password: string): Promise<Readonly<Record<string, string>>> {
  const { token } = await tokenFor(matrix.own, password);
  const ways = { password, token: `Bearer ${token}` };
  for (const _ of ["once", "twice", "and again"]) {
    expect(await statuses(ways)).toEqual({ password: 200, token: 200 });
  }
  return ways;
}

async function statuses(
  ways: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, number>>> {
  const all = Object.entries(ways).map(async ([way, authorization]) => {
    return [way, await statusOf(`${REPOSITORY}/manifests/v1`, authorization)] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

async function statusOf(target: string, authorization: string, method = "GET"): Promise<number> {
  const answered = await client.ask(authorization, { method, target: `/v2/${target}` });
  return answered.status;
}

async function changeUsers(change: (line: string) => string): Promise<void> {
  const lines = await readFile(matrix.usersFile, "utf8");
  await writeFile(matrix.usersFile, lines.split("\n").map(change).join("\n"));
}

const GONE = { password: 401, token: 401 };

describe("a user", () => {
  const isPuller = (line: string): boolean => line.startsWith("puller:");

  it("who is taken out of the file", async () => {
    const ways = await warmed(basic("puller", PASSWORD_OF("puller")));
    const others = await warmed(basic("creator", PASSWORD_OF("creator")));
    await changeUsers((line) => (isPuller(line) ? "" : line));
    expect(await statuses(ways)).toEqual(GONE);
    expect(await statuses(others)).toEqual({ password: 200, token: 200 });
  });

  it("whose password is changed in a file that takes the old one's place", async () => {
    const ways = await warmed(basic("puller", PASSWORD_OF("puller")));
    const lines = await readFile(matrix.usersFile, "utf8");
    const fresh = `${matrix.usersFile}.new`;
    await writeFile(fresh, lines.replace(/^puller:.*\n/m, htpasswdLine("puller", "another")));
    await rename(fresh, matrix.usersFile);
    expect(await statuses(ways)).toEqual(GONE);
    await warmed(basic("puller", "another"));
  });

  it("with a refresh token", async () => {
    const header = basic("puller", PASSWORD_OF("puller"));
    const { refresh_token: token = "" } = await tokenFor(matrix.own, header, "offline_token=true");
    const shown = { authorization: undefined, address: "192.0.2.1", certificate: undefined };
    const refresh = (): Promise<unknown> =>
      matrix.own.tokens.answer(
        { grant: { kind: "refresh", token }, service: undefined, scopes: [], isOffline: false },
        shown,
      );
    await expect(refresh()).resolves.toMatchObject({ token_type: "Bearer" });
    await changeUsers((line) => (isPuller(line) ? "" : line));
    await expect(refresh()).rejects.toMatchObject({ kind: "CredentialsRefused" });
  });

  it("in the middle of an upload", async () => {
    const header = basic("creator", PASSWORD_OF("creator"));
    const begun = await client.ask(header, {
      method: "POST",
      target: `/v2/${REPOSITORY}/blobs/uploads/`,
      body: "",
    });
    const at = `${REPOSITORY}/blobs/uploads/${begun.header("docker-upload-uuid")}`;
    expect(await statusOf(at, header)).toBe(204);
    await changeUsers((line) => (line.startsWith("creator:") ? "" : line));
    for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
      expect(await statusOf(at, header, method)).toBe(401);
    }
  });
});

describe("a robot", () => {
  it("that is revoked", async () => {
    const ways = await warmed(basic("robot+ci", matrix.robotSecret));
    expect(await matrix.own.robots.revoke("ci", signal)).toBe(true);
    expect(await statuses(ways)).toEqual(GONE);
  });

  it("that another replica revokes, and that is made anew by its name", async () => {
    const ways = await warmed(basic("robot+ci", matrix.robotSecret));
    const { driver } = matrix;
    const log = new RecordingLogger();
    const robots = createRobotRecords({ driver, clock: systemClock, log, configured: {} });
    await robots.revoke("ci", signal);
    expect(await statuses(ways)).toEqual(GONE);
    const rights = [{ repositories: ["**"], actions: ["pull" as const] }];
    const made = { name: "ci", rights, expiresAt: undefined, createdBy: "" };
    const { secret } = await robots.create(made, signal);
    expect(await statuses(ways)).toEqual(GONE);
    await warmed(basic("robot+ci", secret));
  });
});

describe("content that was pulled often", () => {
  const PULLER = basic("puller", PASSWORD_OF("puller"));
  const MANIFEST = `${REPOSITORY}/manifests/${IMAGE.digest}`;
  const TAG = `${REPOSITORY}/manifests/v1`;
  const BLOB_AT = `${REPOSITORY}/blobs/${BLOB.digest}`;
  const TAGS = `${REPOSITORY}/tags/list`;

  beforeEach(pullAll);

  async function pullAll(): Promise<void> {
    for (const target of [TAG, MANIFEST, BLOB_AT, TAGS, TAG, MANIFEST, BLOB_AT, TAGS]) {
      expect(`${target}: ${await statusOf(target, PULLER)}`).toBe(`${target}: 200`);
    }
  }

  const remove = async (target: string): Promise<void> => {
    expect((await owner.ask("DELETE", target)).status).toBe(202);
  };

  it("by a tag that is deleted", async () => {
    await remove(TAG);
    expect(await statusOf(TAG, PULLER)).toBe(404);
    expect(await statusOf(MANIFEST, PULLER)).toBe(200);
  });

  it("by the digest of a manifest that is deleted, with its tags", async () => {
    await remove(MANIFEST);
    expect(await statusOf(MANIFEST, PULLER)).toBe(404);
    expect(await statusOf(TAG, PULLER)).toBe(404);
    expect(await statusOf(`inside/${EXISTING}/manifests/v1`, PULLER)).toBe(200);
  });

  it("as a blob that is deleted, which cannot be mounted from there any more", async () => {
    await remove(BLOB_AT);
    expect(await statusOf(BLOB_AT, PULLER)).toBe(404);
    const mount = `intake/new/blobs/uploads/?mount=${BLOB.digest}&from=`;
    expect(await statusOf(`${mount}${REPOSITORY}`, PULLER, "POST")).toBe(202);
    expect(await statusOf(`${mount}inside/${EXISTING}`, PULLER, "POST")).toBe(201);
  });

  it("from a repository that another replica removes", async () => {
    const config = await configOf();
    const content = await createContentStore({
      driver: matrix.driver,
      log: new RecordingLogger(),
      validation: config.validation,
      tagConcurrency: 1,
      hashing: INLINE_HASHING,
      hashStaged: () => Promise.reject(new Error("nothing is hashed here")),
    });
    const repository = parseRepositoryName(REPOSITORY);
    await content.removal.remove(repository, { signal: signal.signal, actor: "" });
    const referrer = `${REPOSITORY}/manifests/${REFERRER.digest}`;
    for (const target of [TAG, MANIFEST, BLOB_AT, TAGS, referrer]) {
      expect(`${target}: ${await statusOf(target, PULLER)}`).toBe(`${target}: 404`);
    }
    const { body } = await client.ask(PULLER, { method: "GET", target: "/v2/_catalog" });
    expect(body).not.toContain(REPOSITORY);
  });
});
