/** One data directory that Barge and the reference registry serve by turns. */
import { createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { openBarge } from "../fixtures/barge.ts";
import { openReferenceRegistry, UPLOAD_SECRET } from "../fixtures/reference-registry.ts";
import { sha256Of } from "./registry-answers.ts";

/** Who serves: Barge, or the reference of a major version. */
export type Server = "barge" | 2 | 3;

/**
 * Serves a directory while `use` runs, and ends the server before it returns.
 * @param use gets the server's origin.
 */
export async function whileServed<Result>(
  server: Server,
  rootDirectory: string,
  use: (origin: URL) => Promise<Result>,
): Promise<Result> {
  await using resources = new AsyncDisposableStack();
  const { origin } =
    server === "barge"
      ? await openBarge(resources, { storage: "filesystem", rootDirectory })
      : await openReferenceRegistry(resources, { version: server, rootDirectory });
  return await use(origin);
}

/** What a registry says it holds. */
export interface Holdings {
  readonly repositories: readonly string[];
  /** The tags of each repository, or the status of the answer. */
  readonly tags: Readonly<Record<string, readonly string[] | number>>;
}

/** Asks a registry for its catalog and for every repository's tags. */
export async function readHoldings(origin: URL): Promise<Holdings> {
  const catalog = await fetch(new URL("/v2/_catalog", origin));
  const { repositories } = (await catalog.json()) as { readonly repositories: readonly string[] };
  const tags: Record<string, readonly string[] | number> = {};
  for (const name of repositories) {
    const response = await fetch(new URL(`/v2/${name}/tags/list`, origin));
    const body = (await response.json()) as { readonly tags?: readonly string[] | null };
    tags[name] = response.ok ? (body.tags ?? []).toSorted() : response.status;
  }
  return { repositories: repositories.toSorted(), tags };
}

/**
 * @returns every file below the reference's part of the directory with the digest of its contents.
 * What Barge keeps beside it, in `_barge` folders, is left out.
 */
export async function listSharedFiles(rootDirectory: string): Promise<Record<string, string>> {
  const root = join(rootDirectory, "docker/registry/v2");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const shared = files.filter((file) => !file.includes("/_barge/")).toSorted();
  const digests = shared.map(async (file) => {
    return [relative(root, file), sha256Of(await readFile(file))] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}

/** An upload that is under way. */
export interface UploadState {
  readonly name: string;
  readonly id: string;
  readonly offsetBytes: number;
}

/** @returns the `_state` parameter with which a reference registry takes up an upload. */
export function signUploadState({ name, id, offsetBytes }: UploadState): string {
  const startedAt = new Date().toISOString();
  const state = { Name: name, UUID: id, Offset: offsetBytes, StartedAt: startedAt };
  const json = Buffer.from(JSON.stringify(state));
  const signature = createHmac("sha256", UPLOAD_SECRET).update(json).digest();
  const token = Buffer.concat([signature, json]).toString("base64");
  // Padded, unlike what "base64url" gives.
  return token.replaceAll("+", "-").replaceAll("/", "_");
}
