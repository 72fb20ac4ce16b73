/** Where Barge keeps what it may lose without harm: signing keys, the socket of administrators. */
import { chmod, lstat, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { errorText } from "../lib/error-text.ts";

/** Nobody but the owner may look into it. */
const MODE = 0o700;

/** The directory cannot be made or used; the text says why and what to do. */
export class StateDirectoryUnusable extends Error {
  readonly kind = "StateDirectoryUnusable";
}

/** @returns `undefined` when the config names none and the store is not on this machine's disk. */
export function stateDirectoryOf({
  barge,
  storage: { driver },
}: Pick<Config, "barge" | "storage">): string | undefined {
  const { directory } = barge.state;
  if (directory !== undefined) return resolve(directory);
  if (driver.name !== "filesystem") return undefined;
  return resolve(join(driver.rootDirectory, "barge", "state"));
}

/** Makes it if it is not there, for its owner alone. @throws {StateDirectoryUnusable} */
export async function makeStateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: MODE });
    await refuseForeign(path);
    await chmod(path, MODE);
  } catch (cause) {
    const problem = `the state directory ${path} cannot be used: ${errorText(cause)}`;
    throw new StateDirectoryUnusable(
      `${problem}; name another one in barge.state.directory, or make it this user's own`,
      { cause },
    );
  }
}

/** Whoever owns it could put keys there that sign tokens for anybody. */
async function refuseForeign(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory()) throw new TypeError("it is no directory");
  const userId = process.geteuid?.();
  if (userId !== undefined && found.uid !== userId) {
    throw new TypeError(`it belongs to the user ${found.uid}`);
  }
}
