import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRobotRecords, type RobotRecords } from "../../src/auth/robots/robot-records.ts";
import type { ConfiguredRobot } from "../../src/config/config.ts";
import { hasQuickStat, type StorageDriver } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { intercepted, type Interception } from "../fakes/failing-driver.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

export interface RobotStore {
  readonly name: string;
  /** Whether the store can be asked at every use. */
  readonly isLooked: boolean;
  /** Opens drivers on one new store. */
  readonly open: (resources: AsyncDisposableStack) => Promise<() => Promise<StorageDriver>>;
}

export const ROBOT_STORES: readonly RobotStore[] = [
  {
    name: "inmemory",
    isLooked: true,
    async open(resources) {
      const store = createInMemoryStore();
      return async () => resources.use(new InMemoryDriver(store));
    },
  },
  {
    name: "filesystem",
    isLooked: true,
    async open(resources) {
      const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-robots-")));
      const settings = { rootDirectory: path, maxThreads: 25 };
      return async () => resources.use(await FilesystemDriver.open(settings));
    },
  },
  {
    name: "a store behind a network",
    isLooked: false,
    async open(resources) {
      const store = createInMemoryStore();
      return async () => intercepted(resources.use(new InMemoryDriver(store)), {});
    },
  },
];

interface TestedRobots {
  readonly robots: RobotRecords;
  readonly driver: StorageDriver;
  readonly log: RecordingLogger;
  readonly clock: FakeClock;
}

interface OpenRobotsOptions {
  readonly configured?: Readonly<Record<string, ConfiguredRobot>>;
  readonly clock?: FakeClock;
  readonly interception?: Interception;
}

/** The records as one process has them. */
export function robotsOn(
  driver: StorageDriver,
  { configured = {}, clock = new FakeClock(), interception = {} }: OpenRobotsOptions = {},
): TestedRobots {
  const log = new RecordingLogger();
  const looks = hasQuickStat(driver) && {
    quickStat: (key: string) => driver.quickStat(key),
  };
  const watched = { ...intercepted(driver, interception), ...looks };
  const robots = createRobotRecords({ driver: watched, clock, log, configured });
  return { robots, driver, log, clock };
}

/** Long enough for every version of an object to settle. */
export const SETTLED_MS = 3_000;
