/** A store in memory with all that converts its blobs, real threads among it. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { entryUrl } from "../../src/app/entries.ts";
import { blobData, PACKS } from "../../src/content/layout.ts";
import { Converter } from "../../src/dedup/convert/converter.ts";
import { Healing } from "../../src/dedup/convert/healing.ts";
import { Workshop } from "../../src/dedup/workshop.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, collect, inPieces } from "../contracts/storage-subject.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { SeededRandom } from "../fixtures/seeded-random.ts";
import { tarHeader, tarPadding } from "../fixtures/tar-entry.ts";

export const HOUR_MS = 3_600_000;
/** For tests that convert: threads that do have only the time that nobody else on the machine wants. */
export const PATIENTLY = { timeout: 120_000 } as const;
const FILES = 5;

export interface AtRestOptions {
  /** Default: a new one in memory. */
  readonly driver?: StorageDriver;
  readonly idleThreads?: number;
  readonly mayWrite?: boolean;
}

/** What a test may change as it goes. */
interface Circumstances {
  /** What the store is reached by. */
  driver: StorageDriver;
  /** How far the clock is ahead of the machine's: blobs are cold after an hour. */
  aheadMs: number;
  hasRoom: boolean;
  readonly usedAtMs: Map<Digest, number>;
}

export interface AtRest extends AsyncDisposable {
  readonly now: Circumstances;
  /** Reaches the store by what `now.driver` is at the moment. */
  readonly driver: StorageDriver;
  readonly shop: Workshop;
  readonly converter: Converter;
  readonly healing: Healing;
  readonly log: RecordingLogger;
}

export async function openAtRest(options: AtRestOptions = {}): Promise<AtRest> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-at-rest-")));
  const log = new RecordingLogger();
  const now: Circumstances = {
    driver: options.driver ?? new InMemoryDriver(),
    aheadMs: 2 * HOUR_MS,
    hasRoom: true,
    usedAtMs: new Map(),
  };
  const driver = whicheverIs(() => now.driver);
  const shop = resources.use(
    await Workshop.open({
      ...calm(),
      driver,
      directory: folder.path,
      threadUrl: entryUrl("dedup-thread"),
      makingThreads: 1,
      idleThreads: options.idleThreads ?? 1,
      diskFloorBytes: 0,
      mayWrite: options.mayWrite ?? true,
      log,
    }),
  );
  const { recipes, packs, index, notes, idlePool: pool, idleMaker: maker } = shop;
  const healing = new Healing({ driver, recipes, index, maker, log });
  const room = { hasFor: async () => now.hasRoom };
  const converter = new Converter({
    driver,
    recipes,
    packs,
    index,
    notes,
    pool,
    maker,
    healing,
    log,
    room: room as unknown as Workshop["room"],
    coldMs: HOUR_MS,
    usedAtMs: (digest) => now.usedAtMs.get(digest),
    nowMs: () => Date.now() + now.aheadMs,
  });
  const owned = resources.move();
  return {
    now,
    driver,
    shop,
    converter,
    healing,
    log,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Does what another driver does, which may be another one for the next call. */
function whicheverIs(current: () => StorageDriver): StorageDriver {
  return {
    name: "inmemory",
    get staging() {
      return current().staging;
    },
    stat: (key, options) => current().stat(key, options),
    read: (key, options) => current().read(key, options),
    write: (key, bytes, options) => current().write(key, bytes, options),
    delete: (key, options) => current().delete(key, options),
    deleteTree: (prefix, options) => current().deleteTree(prefix, options),
    list: (prefix, options) => current().list(prefix, options),
    [Symbol.asyncDispose]: () => current()[Symbol.asyncDispose](),
  };
}

/** A layer as it is pushed, of some 75 kB. What is in it takes less room cold. */
export function gzipLayer(seed: number, level = 6): Buffer {
  return gzipSync(plainBlob(seed, 200_000), { level });
}

/** A tar archive of texts. */
export function plainBlob(seed: number, sizeBytes = 150_000): Buffer {
  const random = new SeededRandom(seed);
  const words = Array.from({ length: 2000 }, () => random.word().toString(36));
  const parts: Uint8Array[] = [];
  for (let file = 0; file < FILES; file += 1) {
    let text = "";
    while (text.length < sizeBytes / FILES) text += `${words[random.below(words.length)]} `;
    const entry = {
      path: `file-${file}`,
      type: "file",
      sizeBytes: text.length,
      mode: 0o644,
    } as const;
    parts.push(tarHeader({ ...entry, modifiedSeconds: 1_700_000_000, records: {} }));
    parts.push(Buffer.from(text), new Uint8Array(tarPadding(text.length)));
  }
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

/** Puts a blob's data in the store, as a push leaves it. */
export async function plant(
  driver: StorageDriver,
  bytes: Buffer,
  digest: Digest = digestOf(bytes),
): Promise<Digest> {
  await driver.write(blobData(digest), bytes, calm());
  return digest;
}

/** Puts a blob in the store and makes it cold. */
export async function plantCold(
  { driver, converter }: Pick<AtRest, "driver" | "converter">,
  bytes: Buffer,
): Promise<Digest> {
  const digest = await plant(driver, bytes);
  await converter.index(digest, calm());
  const { kind } = await converter.cool(digest, calm());
  if (kind !== "cold") throw new Error("the blob did not go cold");
  return digest;
}

/** The blob by its data if that is there, else as it is made. */
export async function pulled({ driver, shop }: AtRest, digest: Digest): Promise<Buffer> {
  const isHot = (await driver.stat(blobData(digest), calm())) !== undefined;
  return await collect(
    isHot ? driver.read(blobData(digest), calm()) : shop.maker.whole(digest, calm()),
  );
}

/** What a promise rejects with; `undefined` when it does not. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Keys of all objects below a prefix. */
export async function keysBelow(
  driver: StorageDriver,
  prefix: string,
  options: CallOptions = calm(),
): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { kind, name } of driver.list(prefix, options)) {
    const key = prefix === "" ? name : `${prefix}/${name}`;
    if (kind === "object") keys.push(key);
    else keys.push(...(await keysBelow(driver, key, options)));
  }
  return keys;
}

/** Changes one byte of each object of those keys, behind the driver's back. */
export async function damage(
  driver: StorageDriver,
  keys: readonly string[],
  at: (sizeBytes: number) => number = (sizeBytes) => sizeBytes >> 1,
): Promise<void> {
  for (const key of keys) {
    const bytes = await collect(driver.read(key, calm()));
    const place = at(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await driver.write(key, bytes, calm());
  }
}

/** Damages a byte in the first frame of every pack. */
export async function damagePacks(driver: StorageDriver): Promise<void> {
  await damage(driver, await keysBelow(driver, PACKS), () => 100);
}

/** The bytes as they are received, in pieces. */
export function arriving(bytes: Buffer): AsyncIterable<Uint8Array> {
  return inPieces(bytes, 65_536);
}
