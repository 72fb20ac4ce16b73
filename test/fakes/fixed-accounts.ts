/** Users and robots that the test adds and takes away. */
import type { Robot, RobotDirectory } from "../../src/auth/robots.ts";
import type { LoginOrigin, Users } from "../../src/auth/users.ts";

/** Users with their passwords; a password's fingerprint is nearly its own text. */
export class FixedUsers implements Users {
  readonly passwords: Map<string, string>;
  /** From where passwords came, each time. */
  readonly addresses: (string | undefined)[] = [];

  constructor(passwords: Readonly<Record<string, string>>) {
    this.passwords = new Map(Object.entries(passwords));
  }

  verify(name: string, password: string, from: LoginOrigin = {}): Promise<boolean> {
    this.addresses.push(from.address);
    return Promise.resolve(this.passwords.get(name) === password);
  }

  fingerprint(name: string): string | undefined {
    const password = this.passwords.get(name);
    return password === undefined ? undefined : `print of ${password}`;
  }
}

/** Robots, each of whose secrets is `secret-of-` and its name. */
export class FixedRobots implements RobotDirectory {
  readonly robots = new Map<string, Robot>();
  /** Whether each look-up takes a turn, as where a store has to be asked. */
  isSlow = false;

  add(robot: Pick<Robot, "name" | "rights"> & Partial<Robot>): void {
    this.robots.set(robot.name, {
      createdAt: new Date("2026-01-01"),
      createdBy: "root",
      expiresAt: undefined,
      lastUsedAt: undefined,
      fingerprint: `${robot.name} made first`,
      ...robot,
    });
  }

  find(name: string): Robot | undefined | Promise<Robot | undefined> {
    const robot = this.robots.get(name);
    return this.isSlow ? Promise.resolve(robot) : robot;
  }

  login(name: string, secret: string): Promise<Robot | undefined> {
    return Promise.resolve(secret === `secret-of-${name}` ? this.robots.get(name) : undefined);
  }
}
