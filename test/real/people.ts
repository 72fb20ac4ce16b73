/** Who asks in the tests of access, and a registry whose config and rules know them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { htpasswdLine } from "../auth/htpasswd-lines.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";

/** What a client logs in with. */
export interface Login {
  readonly name: string;
  readonly password: string;
}

/** May do everything. */
export const OWNER: Login = { name: "olivia", password: "owner's pass phrase" };
/** May pull `team/**`. */
export const READER: Login = { name: "rita", password: "reader:with:colons" };
/** May pull and push `team/**`, but move no tag. */
export const CREATOR: Login = { name: "carl", password: "creator%20&+" };
/** A robot of the config with the rights of {@link CREATOR}. */
export const ROBOT: Login = { name: "robot+ci", password: "brg_of-the-config-0123456789abcdef" };

/** The section `barge` of the config. @param folder where a file of users is made. */
export async function bargeSection(folder: string): Promise<object> {
  const users = await writeUsers(folder, [OWNER, READER, CREATOR]);
  const secret = join(folder, "robot-secret");
  await writeFile(secret, ROBOT.password, { mode: 0o600 });
  return {
    auth: { users, robots: { ci: { secret: `file:${secret}` } } },
    access: [
      { subject: `user:${OWNER.name}`, repositories: "**", actions: "all" },
      { subject: `user:${READER.name}`, repositories: "team/**", actions: "pull" },
      {
        subject: [`user:${CREATOR.name}`, "robot:ci"],
        repositories: "team/**",
        actions: ["pull", "push"],
      },
      { subject: "anonymous", repositories: "public/**", actions: "pull" },
    ],
  };
}

/** Writes a password file. @returns its path. */
export async function writeUsers(folder: string, logins: readonly Login[]): Promise<string> {
  const path = join(folder, "users");
  await writeFile(path, logins.map(({ name, password }) => htpasswdLine(name, password)).join(""));
  return path;
}

/**
 * Starts a Barge that writes down each request.
 * @param sections of the config that say who may do what.
 * @param enter as for {@link openBarge}.
 */
export async function openGuarded(
  resources: AsyncDisposableStack,
  sections: Readonly<Record<string, unknown>>,
  enter: readonly string[] = [],
): Promise<RunningBarge> {
  const log = { level: "info", accesslog: { disabled: false } };
  return await openBarge(resources, {
    storage: "filesystem",
    sections: { log, ...sections },
    enter,
  });
}
