import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import { type ContentStore, createContentStore } from "../../src/content/content-store.ts";
import { createHashStaged } from "../../src/content/hash-staged.ts";
import type { ManifestPolicySettings } from "../../src/content/manifest-policy.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const HASH_WORKER = new URL("../../src/content/hash-worker.ts", import.meta.url);

/** The default of the config: nothing is forbidden, indexes may be sparse. */
const PERMISSIVE: ManifestPolicySettings = {
  disabled: false,
  urls: undefined,
  indexes: undefined,
};

/** A content store for one test. */
export interface TestedContent {
  readonly driver: StorageDriver;
  readonly content: ContentStore;
  /** Keys of the staged objects that had to be hashed from the store, in order. */
  readonly hashed: readonly string[];
  readonly log: RecordingLogger;
  /** Another content store on the same data, as another process would have. */
  readonly reopen: (validation?: ManifestPolicySettings) => Promise<TestedContent>;
}

/** @param validation default: nothing is forbidden. */
export type OpenContent = (validation?: ManifestPolicySettings) => Promise<TestedContent>;

/** Opens drivers on one new store. */
type OpenStore = (resources: AsyncDisposableStack) => Promise<() => Promise<StorageDriver>>;

const STORES: readonly { readonly name: string; readonly openStore: OpenStore }[] = [
  {
    name: "inmemory",
    async openStore(resources) {
      const store = createInMemoryStore();
      return async () => resources.use(new InMemoryDriver(store));
    },
  },
  {
    name: "filesystem",
    async openStore(resources) {
      const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-content-")));
      const settings = { rootDirectory: path, maxThreads: 25 };
      return async () => resources.use(await FilesystemDriver.open(settings));
    },
  },
];

/** Runs the tests over every driver that needs no server; each test opens a store of its own. */
export function describeContent(title: string, tests: (open: OpenContent) => void): void {
  describe.each(STORES)(`${title}, $name`, ({ openStore }) => {
    let resources: AsyncDisposableStack;
    beforeEach(() => {
      resources = new AsyncDisposableStack();
    });
    afterEach(() => resources.disposeAsync());
    tests(async (validation) => {
      const openDriver = await openStore(resources);
      return openContent(openDriver, validation);
    });
  });
}

/** A content store on what `openDriver` opens, with a count of what it hashes again. */
export async function openContent(
  openDriver: () => Promise<StorageDriver>,
  validation: ManifestPolicySettings = PERMISSIVE,
): Promise<TestedContent> {
  const driver = await openDriver();
  const log = new RecordingLogger();
  const hashed: string[] = [];
  const hashStaged = createHashStaged(driver, HASH_WORKER);
  const content = await createContentStore({
    driver,
    log,
    validation,
    tagConcurrency: 4,
    hashing: INLINE_HASHING,
    hashStaged: async (key, ...call) => {
      hashed.push(key);
      return await hashStaged(key, ...call);
    },
  });
  return {
    driver,
    content,
    hashed,
    log,
    reopen: (otherValidation = validation) => openContent(openDriver, otherValidation),
  };
}
