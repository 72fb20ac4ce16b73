import { describe, expect, it } from "vitest";
import { type Metrics, NO_METRICS } from "../../src/observability/metrics.ts";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import { measured } from "../../src/storage/measured-driver.ts";
import {
  hasLocalFiles,
  hasPresignedUrls,
  hasQuickStat,
  type LocalFiles,
  type ObjectInfo,
  type PresignedUrls,
  type QuickStat,
  type StorageDriver,
} from "../../src/storage/storage-driver.ts";

const { signal } = new AbortController();
const INFO: ObjectInfo = { key: "a", sizeBytes: 2, modifiedAt: new Date(0) };
const STAGED = { sizeBytes: 0, modifiedAt: new Date(0), version: "1" };

describe("measured()", () => {
  it.each<[string, string, (driver: StorageDriver) => Promise<unknown>]>([
    ["stat()", "Stat", (driver) => driver.stat("a", { signal })],
    ["read()", "Reader", (driver) => Array.fromAsync(driver.read("a", { signal }))],
    ["write()", "PutContent", (driver) => driver.write("a", Buffer.from("x"), { signal })],
    ["delete()", "Delete", (driver) => driver.delete("a", { signal })],
    ["deleteTree()", "Delete", (driver) => driver.deleteTree("a", { signal })],
    ["list()", "List", (driver) => Array.fromAsync(driver.list("a", { signal }))],
    ["staging.create()", "Writer", ({ staging }) => staging.create("a", { signal })],
    ["staging.stat()", "Stat", ({ staging }) => staging.stat("a", { signal })],
    [
      "staging.append()",
      "Writer",
      ({ staging }) => staging.append("a", bytes(), { signal, at: STAGED }),
    ],
    ["staging.read()", "Reader", ({ staging }) => Array.fromAsync(staging.read("a", { signal }))],
    [
      "staging.publish()",
      "Move",
      ({ staging }) => staging.publish("a", "b", { signal, at: STAGED }),
    ],
    ["staging.discard()", "Delete", ({ staging }) => staging.discard("a", { signal })],
  ])("%s gives what the driver gives and counts as %s", async (_, action, call) => {
    const inner = createDriver();
    const { metrics, actions } = recordActions();
    const result = await call(measured(inner, metrics));
    expect(result).toEqual(await call(createDriver()));
    expect(actions).toEqual([`fake ${action}`]);
  });

  it("counts a call that fails, and throws the very error", async () => {
    const error = new ObjectNotFound("a");
    const { metrics, actions } = recordActions();
    const driver = measured({ ...createDriver(), stat: () => Promise.reject(error) }, metrics);
    await expect(driver.stat("a", { signal })).rejects.toBe(error);
    expect(actions).toEqual(["fake Stat"]);
  });

  it("passes an early end of reading on, and counts it", async () => {
    let isReleased = false;
    const read = async function* (): AsyncIterable<Uint8Array> {
      try {
        yield* bytes();
      } finally {
        isReleased = true;
      }
    };
    const { metrics, actions } = recordActions();
    for await (const _ of measured({ ...createDriver(), read }, metrics).read("a", { signal })) {
      break;
    }
    expect([isReleased, actions]).toEqual([true, ["fake Reader"]]);
  });

  it("has the optional powers that the driver has, and no others", async () => {
    const plain = createDriver();
    const local: StorageDriver & LocalFiles = { ...plain, localPath: (key) => `/data/${key}` };
    const signed: StorageDriver & PresignedUrls = {
      ...plain,
      presign: (key) => Promise.resolve(new URL(`https://s3/${key}`)),
    };
    const look = { sizeBytes: 2, version: [1], settlesAfterMs: 0 };
    const quick: StorageDriver & QuickStat = { ...plain, quickStat: () => look };
    const powers = [plain, local, signed, quick].map((driver) =>
      powersOf(measured(driver, NO_METRICS)),
    );
    expect(powers).toEqual([
      [false, false, false],
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
    const looking = measured(quick, NO_METRICS);
    expect(hasQuickStat(looking) && looking.quickStat("a")).toBe(look);
    const { metrics, actions } = recordActions();
    const [files, urls] = [measured(local, metrics), measured(signed, metrics)];
    expect(hasLocalFiles(files) && files.localPath("a")).toBe("/data/a");
    const options = { signal, method: "GET", expiresSeconds: 60 } as const;
    const url = hasPresignedUrls(urls) ? await urls.presign("a", options) : undefined;
    expect(url?.href).toBe("https://s3/a");
    expect(actions).toEqual(["fake RedirectURL"]);
  });

  it("finds the powers of a driver that is a class", () => {
    class Local {
      localPath(key: string): string {
        return `/data/${key}`;
      }
    }
    const driver = measured(Object.assign(new Local(), createDriver()), NO_METRICS);
    expect(hasLocalFiles(driver) && driver.localPath("a")).toBe("/data/a");
  });

  it("is disposed with the driver", async () => {
    let isDisposed = false;
    const inner = {
      ...createDriver(),
      [Symbol.asyncDispose]: () => {
        isDisposed = true;
        return Promise.resolve();
      },
    };
    await measured(inner, NO_METRICS)[Symbol.asyncDispose]();
    expect(isDisposed).toBe(true);
  });
});

function powersOf(driver: StorageDriver): readonly boolean[] {
  return [hasLocalFiles(driver), hasPresignedUrls(driver), hasQuickStat(driver)];
}

function recordActions(): { metrics: Metrics; actions: string[] } {
  const actions: string[] = [];
  const metrics: Metrics = {
    ...NO_METRICS,
    storageAction: ({ driver, action, seconds }) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      actions.push(`${driver} ${action}`);
    },
  };
  return { metrics, actions };
}

async function* bytes(): AsyncIterable<Uint8Array> {
  yield Buffer.from("a");
  yield Buffer.from("b");
}

function createDriver(): StorageDriver {
  return {
    name: "fake",
    stat: () => Promise.resolve(INFO),
    read: bytes,
    write: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    deleteTree: () => Promise.resolve(),
    async *list() {
      yield { kind: "object", name: "x" };
    },
    staging: {
      create: () => Promise.resolve(STAGED),
      stat: () => Promise.resolve(STAGED),
      append: async (_key, source) => {
        const chunks = await Array.fromAsync(source);
        return { ...STAGED, sizeBytes: Buffer.concat(chunks).length };
      },
      read: bytes,
      publish: () => Promise.resolve(INFO),
      discard: () => Promise.resolve(),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
