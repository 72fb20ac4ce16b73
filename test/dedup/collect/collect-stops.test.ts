import { expect, it } from "vitest";
import {
  incomingData,
  incomingStartedAt,
  layerLink,
  quarantinedFrame,
} from "../../../src/content/layout.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import { calm, chunks } from "../../contracts/storage-subject.ts";
import {
  collectAll,
  faults,
  fileOf,
  idsOf,
  type PackedStore,
  packedStore,
  quickFaults,
} from "./packed-store.ts";
import { repo } from "../../gc/planted-store.ts";

/** Threads take their time to start: most stops are judged without. */
const DEEP_EACH = 10;
/** Some hundred collections, on machines that are busy. */
const PATIENCE_MS = 180_000;
const UPLOAD = "0b8f9a52-7c1e-4a6b-9f3d-2f1e8d7c6b5a";
const PACK_NAME = /[0-9a-f]{2}\/[0-9a-f]{32}/g;

/** Of everything that a collection does there is something to do. */
async function plantAll(store: PackedStore, files: readonly Buffer[]): Promise<void> {
  const [a, b, c, d, e, f] = files as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  const kept = await store.cold("web", [a, b, f]);
  await store.tag("web", "latest", await store.image("web", "new", { layers: [kept] }));
  const cold = await store.cold("web", [a, c, d]);
  // Without its data nobody can make it: a part of it is in no pack.
  const hot = await store.hot("web", [d, e, fileOf(7)]);
  const lost = await store.cold("web", [e, fileOf(8)]);
  await store.setAside(lost);
  await store.remove(layerLink(repo("web"), lost.digest));
  await store.image("web", "old", { layers: [cold, hot] });
  await store.pack([{ files: [a, c, d, e] }]);
  await store.pack([{ files: [b, c, d, e], bases: [a], depth: 1 }]);
  await store.pack([{ files: [f] }, { files: [e], bases: [c], depth: 1 }]);
  await store.pack([{ files: [c, e] }]);
  await store.put(quarantinedFrame("f".repeat(32), 8), "{}");
  await store.put(incomingStartedAt(UPLOAD), "2026-01-01T00:00:00Z");
  const staged = await store.driver.staging.create(incomingData(UPLOAD), calm());
  await store.driver.staging.append(incomingData(UPLOAD), chunks("half"), {
    ...calm(),
    at: staged,
  });
}

/** The same for stores that differ in the names of their packs alone. */
async function shapeOf(store: PackedStore): Promise<string> {
  const shapes = (await store.keys()).map((key) => key.replaceAll(PACK_NAME, "pack"));
  return [...shapes.toSorted(), ...(await store.chunks())].join("\n");
}

it(
  "a collection that ends at any call of the store leaves it sound, and the next one ends the work",
  async () => {
    const files = [1, 2, 3, 4, 5, 6].map((seed) => fileOf(seed, seed === 6 ? 5000 : 2000));
    const [a, b, , , , f] = files as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
    const planted = packedStore();
    await plantAll(planted, files);
    const whole = await planted.copy();
    await collectAll(whole.driver);
    const wanted = await shapeOf(whole);
    expect(await whole.chunks()).toStrictEqual([...idsOf(a, b, f, files[4] as Buffer)].toSorted());
    const seen = new Set<string>();
    let stops = 0;
    for (let hasStopped = true; hasStopped; stops += 1) {
      const store = await planted.copy();
      let calls = 0;
      hasStopped = false;
      const driver = intercepted(store.driver, {
        before: () => {
          calls += 1;
          hasStopped ||= calls > stops;
          if (hasStopped) throw new Error("the process was killed");
        },
      });
      await collectAll(driver).catch(() => undefined);
      const shape = await shapeOf(store);
      if (!seen.has(shape)) {
        expect(await quickFaults(store.driver)).toStrictEqual([]);
        if (seen.size % DEEP_EACH === 0) expect(await faults(store.driver)).toStrictEqual([]);
      }
      seen.add(shape);
      await collectAll(store.driver);
      expect(await shapeOf(store)).toBe(wanted);
    }
    expect(stops).toBeGreaterThan(100);
    expect(seen.size).toBeGreaterThan(15);
  },
  PATIENCE_MS,
);
