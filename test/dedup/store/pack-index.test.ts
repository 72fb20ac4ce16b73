import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChunkId, chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import { packKey, PACKS, QUARANTINED_FRAMES } from "../../../src/content/layout.ts";
import { PackIndex } from "../../../src/dedup/store/pack-index.ts";
import { PackStore } from "../../../src/dedup/store/pack-store.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, chunks, collect, pattern } from "../../contracts/storage-subject.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import { damage, keysBelow } from "../at-rest-store.ts";

describe("PackStore and PackIndex", () => {
  let driver: InMemoryDriver;
  let packs: PackStore;
  let index: PackIndex;
  let bad: string[];
  let resources: AsyncDisposableStack;
  let path: string;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    path = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-packs-"))).path;
    driver = new InMemoryDriver();
    packs = new PackStore(driver);
    bad = [];
    index = opened("chunks.sqlite");
  });
  afterEach(() => resources.disposeAsync());

  function opened(file: string, store = packs): PackIndex {
    const onBadPack = (name: string): void => void bad.push(name);
    return resources.use(new PackIndex({ path: join(path, file), packs: store, onBadPack }));
  }

  async function stored(...seeds: readonly number[]): Promise<string> {
    await using received = await packs.receive(chunks(packOf(seeds)), calm());
    return await packs.publish(received, calm());
  }

  it("gives each pack a name of its own, lists them, reads and deletes them", async () => {
    const names = [await stored(1), await stored(1), await stored(2)];
    expect(new Set(names).size).toBe(3);
    await driver.write(`${PACKS}/ab/not-a-pack`, Buffer.of(1), calm());
    await driver.write(`${PACKS}/zz/${"ab".repeat(16)}`, Buffer.of(1), calm());
    expect(await Array.fromAsync(packs.list(calm()))).toEqual(names.toSorted());
    const [name = ""] = names;
    const source = await packs.open(name, calm());
    expect(source?.sizeBytes).toBe(packOf([1]).length);
    expect(await source?.read(0, 8)).toEqual(Buffer.from("BARGEPK1"));
    expect(await packs.read(name, { startBytes: 3, lengthBytes: 2 }, calm())).toHaveLength(2);
    await packs.delete(name, calm());
    expect(await packs.open(name, calm())).toBeUndefined();
    expect(await packs.read(name, { startBytes: 0 }, calm())).toBeUndefined();
    await expect(source?.read(0, 8)).rejects.toMatchObject({ kind: "ObjectNotFound" });
  });

  it("is seen by nobody before it is published, and leaves nothing behind otherwise", async () => {
    {
      await using _received = await packs.receive(chunks(packOf([1])), calm());
      expect(await Array.fromAsync(packs.list(calm()))).toEqual([]);
    }
    expect(await keysBelow(driver, "")).toEqual([]);
  });

  it("takes up packs of other processes, and forgets those that are gone", async () => {
    const first = await stored(1, 2);
    await index.refresh(calm());
    expect(places(idOf(1))).toEqual([first]);
    const second = await stored(2, 3);
    await index.refresh(calm());
    expect(places(idOf(2))).toEqual([first, second].toSorted());
    await packs.delete(first, calm());
    await index.refresh(calm());
    expect(index.chunks.has(idOf(1))).toBe(false);
    expect(places(idOf(2))).toEqual([second]);
    expect(index.chunks.packs.map(({ name }) => name)).toEqual([second]);
  });

  it("forgets a frame that is damaged, here, in other processes, and when it is begun anew", async () => {
    const pack = await stored(1);
    await index.refresh(calm());
    const other = opened("other.sqlite");
    await other.refresh(calm());
    const at = index.chunks.places(idOf(1))[0]?.at ?? 0;
    await index.condemn({ pack, at }, calm());
    expect(index.chunks.has(idOf(1))).toBe(false);
    await index.refresh(calm());
    expect(index.chunks.has(idOf(1))).toBe(false);
    await other.refresh(calm());
    expect(other.chunks.has(idOf(1))).toBe(false);
    const anew = opened("anew.sqlite");
    await anew.refresh(calm());
    expect(anew.chunks.has(idOf(1))).toBe(false);
    expect(await Array.fromAsync(packs.damagedFrames(calm()))).toEqual([{ pack, at }]);
    await packs.delete(pack, calm());
    expect(await keysBelow(driver, QUARANTINED_FRAMES)).toEqual([]);
  });

  it("passes over what is no mark of a frame", async () => {
    await driver.write(`${QUARANTINED_FRAMES}/whatever`, Buffer.of(1), calm());
    expect(await Array.fromAsync(packs.damagedFrames(calm()))).toEqual([]);
  });

  it.each([
    ["damaged at its end", (size: number): number => size - 10],
    ["damaged in its directory", (size: number): number => size - 60],
  ])("tells of a pack that is %s, and takes up the others", async (_, at) => {
    const broken = await stored(1);
    const whole = await stored(2);
    await damage(driver, [packKey(broken)], at);
    await index.refresh(calm());
    expect(bad).toEqual([broken]);
    expect(places(idOf(2))).toEqual([whole]);
    expect(index.chunks.has(idOf(1))).toBe(false);
  });

  it("tells of a pack that was cut short", async () => {
    const cut = await stored(1);
    const bytes = await collect(driver.read(packKey(cut), calm()));
    for (const sizeBytes of [0, 1, 20, bytes.length - 1]) {
      await driver.write(packKey(cut), bytes.subarray(0, sizeBytes), calm());
      await index.refresh(calm());
    }
    expect(bad).toEqual([cut, cut, cut, cut]);
  });

  it("passes over a pack that goes away while it is taken up", async () => {
    const name = await stored(1);
    const going = intercepted(driver, {
      before: async ({ action, key }) => {
        if (action === "read" && key === packKey(name)) await driver.delete(key, calm());
      },
    });
    const other = opened("going.sqlite", new PackStore(going));
    await other.refresh(calm());
    expect(bad).toEqual([]);
    expect(other.chunks.packs).toEqual([]);
  });

  it("forgets no pack that is taken up while it refreshes", async () => {
    await stored(1);
    let late = "";
    const busy = intercepted(driver, {
      after: async ({ action, key }) => {
        if (action !== "list" || key !== PACKS || late !== "") return;
        late = await stored(2);
        await index.add(late, calm());
      },
    });
    const refreshing = opened("chunks.sqlite", new PackStore(busy));
    await refreshing.refresh(calm());
    expect(places(idOf(2))).toEqual([late]);
  });

  it("forgets nothing when the packs cannot be listed", async () => {
    await stored(1);
    await index.refresh(calm());
    const failing = intercepted(driver, {
      after: ({ action }) => {
        if (action === "list") throw new Error("the store fails");
      },
    });
    const other = opened("chunks.sqlite", new PackStore(failing));
    await expect(other.refresh(calm())).rejects.toThrow("fails");
    expect(index.chunks.has(idOf(1))).toBe(true);
  });

  function places(id: ChunkId): readonly string[] {
    return index.chunks
      .places(id)
      .map(({ pack }) => pack)
      .toSorted();
  }
});

function idOf(seed: number): ChunkId {
  return chunkIdOf(pattern(1000, seed));
}

/** A frame for each chunk. */
function packOf(seeds: readonly number[]): Buffer {
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter({ frameBytes: 1000, level: 1 }, (bytes) => pieces.push(bytes));
  for (const seed of seeds) writer.add(pattern(1000, seed));
  writer.end();
  return Buffer.concat(pieces);
}
