import { randomBytes } from "node:crypto";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "../../observability/logger.ts";
import type { PasswordHashing } from "./password-pool.ts";

export interface ProvisionOptions {
  readonly path: string;
  readonly hashing: PasswordHashing;
  readonly log: Logger;
}

const USER = "docker";
const COST = 10;

/**
 * Makes the file where there is none, as the reference registry does: mode 0600, the user `docker` with a
 * random password that the log tells once. Of several processes that start together one makes it.
 */
export async function provisionHtpasswd({ path, hashing, log }: ProvisionOptions): Promise<void> {
  if (await isThere(path)) return;
  const password = randomBytes(32).toString("base64url");
  const line = `${USER}:${await hashing.hash(password, COST)}\n`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (!(await writeNew(path, line))) return;
  // Part of the text: a field of that name would be kept out of the log.
  log.warn(`there was no ${path}: it is made, for the user ${USER} with the password ${password}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** @returns whether it was not there. */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
