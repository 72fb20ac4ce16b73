import { scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AuthUnavailable } from "../../src/auth/errors.ts";
import {
  InvalidRobotName,
  RobotExists,
  RobotIsConfigured,
} from "../../src/auth/robots/robot-errors.ts";
import { robotKey, robotUseKey } from "../../src/auth/robots/robot-record.ts";
import { Secret } from "../../src/config/secret.ts";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, text } from "../contracts/storage-subject.ts";
import { type DriverCall, intercepted } from "../fakes/failing-driver.ts";
import { titled } from "../fixtures/titled.ts";
import { robotsOn } from "./robot-stores.ts";

const CI = {
  name: "ci",
  rights: [{ repositories: ["team/**"], actions: ["pull", "push"] as const }],
  expiresAt: undefined,
  createdBy: "alice",
};

describe("createRobotRecords", () => {
  it.each(titled(["", "-a", ".a", "_a", "A", "a/b", "a b", "ä", "a\n", "a".repeat(65)]))(
    "makes no robot called %s",
    async (_, name) => {
      const { robots } = robotsOn(new InMemoryDriver());
      const creating = robots.create({ ...CI, name }, calm());
      await expect(creating).rejects.toBeInstanceOf(InvalidRobotName);
    },
  );

  it.each([
    ["no JSON", "x"],
    ["a member twice", `{"version":1,`],
    ["a later version", { version: 2 }],
    ["an unknown member", { isAdmin: true }],
    ["another's name", { name: "other" }],
    ["an unknown action", { rights: [{ repositories: ["**"], actions: ["own"] }] }],
    ["no hash", { secretSha256: "" }],
    ["no fingerprint", { fingerprint: "" }],
  ])("refuses a record with %s, says so, and can take it away", async (_, change) => {
    const { robots, driver, log } = robotsOn(new InMemoryDriver());
    const { secret } = await robots.create(CI, calm());
    const good = await text(driver.read(robotKey("ci"), calm()));
    const bad =
      typeof change === "string"
        ? `${change}${good.slice(1)}`
        : JSON.stringify({ ...JSON.parse(good), ...change });
    const bytes = Buffer.from(bad);
    await driver.write(robotKey("ci"), bytes, calm());
    expect(await robots.login("ci", secret)).toBeUndefined();
    expect(await robots.find("ci")).toBeUndefined();
    expect(await robots.list(calm())).toEqual([]);
    expect(log.lines[0]).toMatchObject({
      level: "error",
      fields: { "storage.key": robotKey("ci") },
    });
    await expect(robots.create(CI, calm())).rejects.toBeInstanceOf(RobotExists);
    expect(await robots.revoke("ci", calm())).toBe(true);
    await robots.create(CI, calm());
  });

  it("finds robots of the config, by the same fingerprint everywhere, and leaves them to the config", async () => {
    const driver = new InMemoryDriver();
    const configured = { deploy: { secret: new Secret("from the vault") } };
    const { robots } = robotsOn(driver, { configured });
    const robot = await robots.login("deploy", "from the vault");
    expect(robot).toMatchObject({ name: "deploy", rights: [], expiresAt: undefined });
    expect(await robots.login("deploy", "something else")).toBeUndefined();
    expect(robots.find("deploy")).toEqual(robot);
    const again = robotsOn(driver, { configured }).robots;
    expect(await again.find("deploy")).toMatchObject({ fingerprint: robot?.fingerprint });
    const changed = robotsOn(driver, { configured: { deploy: { secret: new Secret("new") } } });
    const other = await changed.robots.find("deploy");
    expect(other?.fingerprint).not.toBe(robot?.fingerprint);
    const revoking = robots.revoke("deploy", calm());
    await expect(revoking).rejects.toBeInstanceOf(RobotIsConfigured);
    const creating = robots.create({ ...CI, name: "deploy" }, calm());
    await expect(creating).rejects.toBeInstanceOf(RobotExists);
    await robots[Symbol.asyncDispose]();
    expect(await again.list(calm())).toMatchObject([{ name: "deploy", createdBy: "config" }]);
    expect((await again.list(calm()))[0]?.lastUsedAt).toBeDefined();
  });

  it("tells by the fingerprint of one of the config nothing that its secret could be guessed by fast", async () => {
    const secret = "correct horse battery";
    const { robots } = robotsOn(new InMemoryDriver(), {
      configured: { ci: { secret: new Secret(secret) }, other: { secret: new Secret(secret) } },
    });
    const [ci, other] = await Promise.all([robots.find("ci"), robots.find("other")]);
    const slow = scryptSync(secret, "barge robot fingerprint\nci", 16, {
      N: 32_768,
      r: 8,
      p: 1,
      maxmem: 64 * 2 ** 20,
    });
    expect(ci?.fingerprint).toBe(slow.toString("base64url"));
    expect(other?.fingerprint).not.toBe(ci?.fingerprint);
  });

  it("says that nobody can be identified while the store fails, and lets nobody in", async () => {
    let isDown = false;
    const before = ({ key }: DriverCall): void => {
      if (isDown) throw new StorageUnavailable(`no ${key}`, { reason: "EIO" });
    };
    const { robots } = robotsOn(new InMemoryDriver(), { interception: { before } });
    const { secret } = await robots.create(CI, calm());
    isDown = true;
    await expect(robots.login("ci", secret)).rejects.toBeInstanceOf(AuthUnavailable);
    await expect(robots.find("ci")).rejects.toBeInstanceOf(AuthUnavailable);
    isDown = false;
    expect(await robots.login("ci", secret)).toBeDefined();
    await robots[Symbol.asyncDispose]();
  });

  it("finds no robot any more when the answer to its revocation was lost", async () => {
    const after = ({ action }: DriverCall): void => {
      if (action === "delete") throw new StorageUnavailable("no answer", { reason: "EIO" });
    };
    const driver = new InMemoryDriver();
    const { robots } = robotsOn(intercepted(driver, {}), { interception: { after } });
    await robots.create(CI, calm());
    await robots.find("ci");
    await expect(robots.revoke("ci", calm())).rejects.toBeInstanceOf(StorageUnavailable);
    expect(await robots.find("ci")).toBeUndefined();
  });

  it("says in the log that a use cannot be written, without what was shown", async () => {
    const before = ({ action, key }: DriverCall): void => {
      if (action === "write" && key === robotUseKey("ci")) {
        throw new StorageUnavailable("disk full", { reason: "ENOSPC" });
      }
    };
    const { robots, log } = robotsOn(new InMemoryDriver(), { interception: { before } });
    const { secret } = await robots.create(CI, calm());
    expect(await robots.login("ci", secret)).toBeDefined();
    await robots[Symbol.asyncDispose]();
    expect(log.lines).toMatchObject([{ level: "warn", fields: { "auth.robot": "ci" } }]);
    expect(JSON.stringify(log.lines)).not.toContain(secret);
  });
});
