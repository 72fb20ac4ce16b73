/** The files that docker and containers keep credentials in: where they lie, and reading and changing them. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText } from "../lib/error-text.ts";
import { CredentialFileUnusable } from "./errors.ts";
import { isJsonObject, type JsonObject } from "../oci/descriptor.ts";

export interface CredentialPlaces {
  /** A file that was named for this call: then it is the only one. */
  readonly authFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Files to look through; what stands in an earlier one counts. */
export function credentialFiles({ authFile, environment }: CredentialPlaces): readonly string[] {
  if (authFile !== undefined) return [authFile];
  const at = (variable: string, ...below: readonly string[]): readonly string[] => {
    const folder = environment[variable] ?? "";
    return folder === "" ? [] : [join(folder, ...below)];
  };
  const files = [
    at("REGISTRY_AUTH_FILE"),
    at("DOCKER_CONFIG", "config.json"),
    at("HOME", ".docker", "config.json"),
    at("XDG_RUNTIME_DIR", "containers", "auth.json"),
    at("HOME", ".config", "containers", "auth.json"),
  ];
  return [...new Set(files.flat())];
}

/** The file that a login goes into: the one that docker would take. @throws {CredentialFileUnusable} when none can be told. */
export function loginFile({ authFile, environment }: CredentialPlaces): string {
  if (authFile !== undefined) return authFile;
  const folder = environment["DOCKER_CONFIG"] ?? "";
  if (folder !== "") return join(folder, "config.json");
  const home = environment["HOME"] ?? "";
  if (home !== "") return join(home, ".docker", "config.json");
  throw new CredentialFileUnusable(
    "there is no place for credentials: neither HOME nor DOCKER_CONFIG is set; name a file by --authfile",
  );
}

/** @returns `undefined` when there is no such file; an empty file is an empty object. @throws {CredentialFileUnusable} */
export async function readCredentialFile(path: string): Promise<JsonObject | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parse(path, text);
}

/**
 * Changes a file and keeps all else that stands in it, its order and its indentation. Whoever reads it
 * meanwhile sees it whole, before or after; it may be read by its owner alone.
 * @param change what the file holds instead; the same object: nothing is written.
 * @throws {CredentialFileUnusable} and the file is as it was.
 */
export async function changeCredentialFile(
  path: string,
  change: (content: JsonObject) => JsonObject,
): Promise<void> {
  const text = (await readText(path)) ?? "";
  const before = parse(path, text);
  const after = change(before);
  if (after === before) return;
  const end = text === "" || text.endsWith("\n") ? "\n" : "";
  try {
    await replaceFile(path, `${JSON.stringify(after, undefined, indentationOf(text))}${end}`);
  } catch (cause) {
    throw new CredentialFileUnusable(`cannot write ${path}: ${errorText(cause)}`, { cause });
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CredentialFileUnusable(`cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

/** The text of a failure to parse is not told: it quotes the file, and the file holds secrets. */
function parse(path: string, text: string): JsonObject {
  if (text.trim() === "") return {};
  const content = tryParse(text);
  if (isJsonObject(content)) return content;
  throw new CredentialFileUnusable(
    `${path} is not a file of credentials: it must hold an object in JSON\n  it was left as it is; mend it, or move it away`,
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Docker writes a tab. */
function indentationOf(text: string): string {
  if (text.trim() === "") return "\t";
  return /^\s*\{\r?\n([ \t]+)/.exec(text)?.[1] ?? (text.trim().includes("\n") ? "\t" : "");
}

/** A link stays a link: what it points to is replaced. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const target = await realpath(path).catch(() => path);
  const draft = `${target}.${randomBytes(8).toString("hex")}.tmp`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
