import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RobotExists } from "../../src/auth/robots/robot-errors.ts";
import { robotKey, robotUseKey } from "../../src/auth/robots/robot-record.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { calm, text } from "../contracts/storage-subject.ts";
import type { DriverCall } from "../fakes/failing-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { ROBOT_STORES, robotsOn, SETTLED_MS } from "./robot-stores.ts";

const CI = {
  name: "ci",
  rights: [{ repositories: ["team/**"], actions: ["pull", "push"] as const }],
  expiresAt: undefined,
  createdBy: "alice",
};

describe.each(ROBOT_STORES)("createRobotRecords, $name", ({ isLooked, open }) => {
  let resources: AsyncDisposableStack;
  let openDriver: () => Promise<StorageDriver>;
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    openDriver = await open(resources);
  });
  afterEach(() => resources.disposeAsync());

  it("logs a robot in by the secret that was shown once, on every replica", async () => {
    const { robots, driver, clock } = robotsOn(await openDriver());
    const { robot, secret } = await robots.create(CI, calm());
    expect(secret).toMatch(/^brg_[A-Za-z0-9_-]{43}$/);
    expect(robot).toEqual({
      ...CI,
      createdAt: clock.now(),
      lastUsedAt: undefined,
      fingerprint: expect.stringMatching(/^[\w-]{22}$/),
    });
    const other = robotsOn(await openDriver());
    for (const directory of [robots, other.robots]) {
      expect(await directory.login("ci", secret)).toEqual(robot);
      expect(await directory.find("ci")).toEqual(robot);
    }
    await using _ = other.robots;
    await robots[Symbol.asyncDispose]();
    const stored = await text(driver.read(robotKey("ci"), calm()));
    expect(stored).toContain(`"secretSha256":"`);
    expect(stored).not.toContain(secret);
    expect(JSON.stringify(robot)).not.toContain("ecret");
  });

  it.each([
    ["another secret", "ci", `brg_${"A".repeat(43)}`],
    ["no secret", "ci", ""],
    ["a name that nobody has", "unknown", undefined],
    ["a name that nobody can have", "../ci", undefined],
    ["a name in capitals", "CI", undefined],
  ])("refuses a login with %s", async (_, name, wrong) => {
    const { robots } = robotsOn(await openDriver());
    const { secret } = await robots.create(CI, calm());
    expect(await robots.login(name, wrong ?? secret)).toBeUndefined();
    expect(await robots.login(name, wrong ?? secret)).toBeUndefined();
  });

  it("find() answers at once and reads nothing, once the record has settled", async () => {
    const calls: DriverCall[] = [];
    const clock = new FakeClock();
    const before = (call: DriverCall): void => void calls.push(call);
    const { robots } = robotsOn(await openDriver(), { clock, interception: { before } });
    const { robot } = await robots.create(CI, calm());
    await robots.find("ci");
    await robots.find("none");
    await clock.advance(isLooked ? SETTLED_MS : 0);
    await robots.find("ci");
    calls.length = 0;
    expect(robots.find("ci")).toEqual(robot);
    expect(robots.find("none")).toBeUndefined();
    expect(calls).toEqual([]);
  });

  it("revoke() counts at once, also when the robot was just looked up", async () => {
    const { robots, clock, driver } = robotsOn(await openDriver());
    const { secret } = await robots.create(CI, calm());
    await robots.find("ci");
    await clock.advance(SETTLED_MS);
    expect(await robots.find("ci")).toBeDefined();
    expect(await robots.revoke("ci", calm())).toBe(true);
    expect(await robots.find("ci")).toBeUndefined();
    expect(await robots.login("ci", secret)).toBeUndefined();
    expect(await robots.list(calm())).toEqual([]);
    expect(await driver.stat(robotKey("ci"), calm())).toBeUndefined();
    expect(await robots.revoke("ci", calm())).toBe(false);
    expect(await robots.revoke("../x", calm())).toBe(false);
  });

  it("a revocation by another replica counts as soon as it is documented", async () => {
    const clock = new FakeClock();
    const mine = robotsOn(await openDriver(), { clock });
    const theirs = robotsOn(await openDriver());
    await mine.robots.create(CI, calm());
    await mine.robots.find("ci");
    await clock.advance(SETTLED_MS);
    await mine.robots.find("ci");
    await clock.advance(isLooked ? 0 : 5_000 - SETTLED_MS);
    expect(await mine.robots.find("ci")).toBeDefined();
    await theirs.robots.revoke("ci", calm());
    if (!isLooked) {
      await clock.advance(4_999);
      expect(await mine.robots.find("ci")).toBeDefined();
      await clock.advance(1);
    }
    expect(await mine.robots.find("ci")).toBeUndefined();
  });

  it("a robot that another replica makes anew has another fingerprint and secret", async () => {
    const clock = new FakeClock();
    const mine = robotsOn(await openDriver(), { clock });
    const theirs = robotsOn(await openDriver());
    const first = await mine.robots.create(CI, calm());
    await mine.robots.find("ci");
    await clock.advance(SETTLED_MS);
    await mine.robots.find("ci");
    await theirs.robots.revoke("ci", calm());
    const second = await theirs.robots.create({ ...CI, rights: [] }, calm());
    await clock.advance(isLooked ? 0 : 5_000);
    expect(await mine.robots.find("ci")).toEqual(second.robot);
    expect(second.robot.fingerprint).not.toBe(first.robot.fingerprint);
    expect(await mine.robots.login("ci", first.secret)).toBeUndefined();
    expect(await mine.robots.login("ci", second.secret)).toEqual(second.robot);
    await mine.robots[Symbol.asyncDispose]();
  });

  it("a robot that is made after somebody has tried its name is found at once", async () => {
    const { robots } = robotsOn(await openDriver());
    expect(await robots.find("ci")).toBeUndefined();
    expect(await robots.find("ci")).toBeUndefined();
    const { robot } = await robots.create(CI, calm());
    expect(await robots.find("ci")).toEqual(robot);
  });

  it("refuses a robot from the moment on that it expires", async () => {
    const { robots, clock } = robotsOn(await openDriver());
    const expiresAt = new Date(clock.now().getTime() + 60_000);
    const { secret } = await robots.create({ ...CI, expiresAt }, calm());
    await clock.advance(59_999);
    expect(await robots.find("ci")).toMatchObject({ expiresAt });
    await clock.advance(1);
    expect(await robots.find("ci")).toBeUndefined();
    expect(await robots.login("ci", secret)).toBeUndefined();
    expect(await robots.list(calm())).toMatchObject([{ name: "ci", expiresAt }]);
  });

  it("does not take a name twice, and tells of every robot in order", async () => {
    const { robots } = robotsOn(await openDriver());
    for (const name of ["b", "a.b", "a-b", "a"]) await robots.create({ ...CI, name }, calm());
    await expect(robots.create({ ...CI, name: "b" }, calm())).rejects.toBeInstanceOf(RobotExists);
    const names = (await robots.list(calm())).map(({ name }) => name);
    expect(names).toEqual(["a", "a-b", "a.b", "b"]);
  });

  it("notes the last use to the minute, for every replica", async () => {
    const clock = new FakeClock(new Date("2026-01-02T03:04:05.678Z"));
    const { robots } = robotsOn(await openDriver(), { clock });
    const { secret } = await robots.create(CI, calm());
    await robots.login("ci", "wrong");
    expect(await robots.list(calm())).toMatchObject([{ lastUsedAt: undefined }]);
    await robots.login("ci", secret);
    await robots[Symbol.asyncDispose]();
    const other = robotsOn(await openDriver());
    const [listed] = await other.robots.list(calm());
    expect(listed?.lastUsedAt).toEqual(new Date("2026-01-02T03:04:00Z"));
  });

  it("writes a use at most once a minute", async () => {
    const writes: string[] = [];
    const before = ({ action, key }: DriverCall): void => {
      if (action === "write" && key === robotUseKey("ci")) writes.push(key);
    };
    const { robots, clock } = robotsOn(await openDriver(), { interception: { before } });
    const { secret } = await robots.create(CI, calm());
    for (let time = 0; time < 4; time += 1) {
      await robots.login("ci", secret);
      await clock.advance(20_000);
    }
    await robots[Symbol.asyncDispose]();
    expect(writes.length).toBe(2);
  });

  it("a use that is written late brings no revoked robot back, nor a use to its successor", async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const before = async ({ action, key }: DriverCall): Promise<void> => {
      if (action !== "write" || key !== robotUseKey("ci")) return;
      reached.resolve();
      await gate.promise;
    };
    const slow = robotsOn(await openDriver(), { interception: { before } });
    const other = robotsOn(await openDriver());
    const { secret } = await other.robots.create(CI, calm());
    await slow.robots.login("ci", secret);
    await reached.promise;
    await other.robots.revoke("ci", calm());
    gate.resolve();
    await slow.robots[Symbol.asyncDispose]();
    expect(await other.robots.find("ci")).toBeUndefined();
    expect(await other.robots.list(calm())).toEqual([]);
    await other.robots.create(CI, calm());
    expect(await other.robots.list(calm())).toMatchObject([{ name: "ci", lastUsedAt: undefined }]);
  });

  it("a use that waits behind a revocation here is not written", async () => {
    const { robots, driver } = robotsOn(await openDriver());
    const { secret } = await robots.create(CI, calm());
    await robots.find("ci");
    const revoking = robots.revoke("ci", calm());
    await Promise.all([robots.login("ci", secret), revoking]);
    await robots[Symbol.asyncDispose]();
    expect(await driver.stat(robotUseKey("ci"), calm())).toBeUndefined();
  });

  it("keeps nothing of a reading that a revocation overtook", async () => {
    const gate = Promise.withResolvers<void>();
    let isSlow = true;
    const after = async ({ action, key }: DriverCall): Promise<void> => {
      if (isSlow && action === "read" && key === robotKey("ci")) await gate.promise;
    };
    const { robots } = robotsOn(await openDriver(), { interception: { after } });
    await robots.create(CI, calm());
    const finding = robots.find("ci");
    await robots.revoke("ci", calm());
    isSlow = false;
    gate.resolve();
    await finding;
    expect(await robots.find("ci")).toBeUndefined();
  });
});
