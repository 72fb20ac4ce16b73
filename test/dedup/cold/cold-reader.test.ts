import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BlobUnknown, StoredBytesDamaged } from "../../../src/content/errors.ts";
import { blobData, INCOMING } from "../../../src/content/layout.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, collect } from "../../contracts/storage-subject.ts";
import { FailNth, intercepted } from "../../fakes/failing-driver.ts";
import { failureOf, keysBelow } from "../at-rest-store.ts";
import { BLOB, DIGEST, type FakeTools, Gate, openFakeTools } from "./fake-tools.ts";

describe("ColdReader", () => {
  let tools: FakeTools;
  beforeEach(async () => {
    tools = await openFakeTools();
  });
  afterEach(() => tools[Symbol.asyncDispose]());

  function read(range?: { readonly startBytes: number; readonly lengthBytes?: number }) {
    return tools.reader.read(DIGEST, { ...calm(), ...(range && { range }) });
  }

  async function stored({ driver } = tools): Promise<Buffer | undefined> {
    const info = await driver.stat(blobData(DIGEST), calm());
    return info && (await collect(driver.read(blobData(DIGEST), calm())));
  }

  it("gives all of a blob, which becomes data again", async () => {
    expect((await collect(read())).equals(BLOB)).toBe(true);
    await tools.reader.ended();
    expect((await stored())?.equals(BLOB)).toBe(true);
    expect(await keysBelow(tools.driver, INCOMING)).toEqual([]);
    expect(await readdir(tools.spoolDirectory)).toEqual([]);
  });

  it("tells the size, and of each use", async () => {
    expect(await tools.reader.sizeOf(DIGEST, calm())).toBe(BLOB.length);
    tools.reader.used(DIGEST);
    expect(tools.used).toEqual([DIGEST]);
  });

  it("makes a blob once for all who read it at the time, wherever they are in it", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const readers = [collect(read()), collect(read())];
    gate.open(4);
    const early = read();
    await early.next();
    readers.push(collect(read()));
    gate.open(6);
    for (const blob of await Promise.all(readers)) expect(blob.equals(BLOB)).toBe(true);
    await collect(early);
    expect(tools.made).toEqual([undefined]);
  });

  it.each([
    [0, 1],
    [0, 999_999],
    [150_000, 200_001],
    [999_999, 1],
    [900_000, undefined],
    [900_000, 5_000_000],
  ])("gives the range of %d, %s bytes, and stores nothing", async (startBytes, lengthBytes) => {
    const range = lengthBytes === undefined ? { startBytes } : { startBytes, lengthBytes };
    const wanted = BLOB.subarray(startBytes, startBytes + (lengthBytes ?? Infinity));
    expect((await collect(read(range))).equals(wanted)).toBe(true);
    await tools.reader.ended();
    expect(await stored()).toBeUndefined();
    expect(tools.made).toEqual([{ startBytes, endBytes: startBytes + wanted.length }]);
  });

  it("takes a range that is all of it for the whole", async () => {
    expect((await collect(read({ startBytes: 0, lengthBytes: BLOB.length }))).length).toBe(
      BLOB.length,
    );
    expect(tools.made).toEqual([undefined]);
  });

  it("gives a range of what is being made at the moment, as far as it is there", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const whole = read();
    gate.open(3);
    await whole.next();
    const there = await collect(read({ startBytes: 10, lengthBytes: 1000 }));
    expect(there.equals(BLOB.subarray(10, 1010))).toBe(true);
    expect(tools.made).toEqual([undefined]);
    const ahead = collect(read({ startBytes: 900_000, lengthBytes: 10 }));
    gate.open(20);
    expect((await ahead).equals(BLOB.subarray(900_000, 900_010))).toBe(true);
    await whole.return();
  });

  it("goes on when its reader goes away, and stores the blob", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const reading = read();
    gate.open(1);
    await reading.next();
    await reading.return();
    gate.open(9);
    await tools.reader.ended();
    expect((await stored())?.equals(BLOB)).toBe(true);
  });

  it("ends the making of a range when its reader goes away", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const reading = read({ startBytes: 5, lengthBytes: 800_000 });
    gate.open(1);
    await reading.next();
    await reading.return();
    gate.open(1);
    await tools.reader.ended();
    expect(tools.made).toHaveLength(1);
  });

  it("ends for a reader whose signal aborts, and goes on for the others", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const stop = new AbortController();
    const reason = new Error("the client is gone");
    const reading = tools.reader.read(DIGEST, { signal: stop.signal });
    const other = collect(read());
    gate.open(1);
    await reading.next();
    stop.abort(reason);
    gate.open(9);
    await expect(collect(reading)).rejects.toBe(reason);
    expect((await other).equals(BLOB)).toBe(true);
  });

  it("makes a blob straight for its reader when there is no room, and stores nothing", async () => {
    tools.now.hasRoom = false;
    expect((await collect(read())).equals(BLOB)).toBe(true);
    const range = { startBytes: 17, lengthBytes: 200_000 };
    expect((await collect(read(range))).equals(BLOB.subarray(17, 200_017))).toBe(true);
    await tools.reader.ended();
    expect(await stored()).toBeUndefined();
    tools.now.hasRoom = true;
    expect((await collect(read())).equals(BLOB)).toBe(true);
  });

  it("takes a blob for unknown when its recipe is gone, before or after its size was asked", async () => {
    const late = { blobBytes: async () => BLOB.length };
    tools.now.hasRecipe = false;
    await expect(collect(read())).rejects.toThrow(BlobUnknown);
    expect(tools.made).toEqual([]);
    Object.assign(tools.reader, { sizeOf: late.blobBytes });
    await expect(collect(read())).rejects.toThrow(BlobUnknown);
    await expect(collect(read({ startBytes: 1 }))).rejects.toThrow(BlobUnknown);
    expect(tools.quarantined).toEqual([]);
  });

  it.each([0, 500_000, 900_000])(
    "gives never all of a blob that breaks after %d bytes, and sets its recipe aside",
    async (breaksAfterBytes) => {
      Object.assign(tools.now, { breaksAfterBytes });
      let gotBytes = 0;
      const counted = async (): Promise<void> => {
        for await (const { length } of read()) gotBytes += length;
      };
      expect(await failureOf(counted())).toBeInstanceOf(StoredBytesDamaged);
      expect(gotBytes).toBe(breaksAfterBytes);
      expect(tools.quarantined).toEqual([DIGEST]);
      await tools.reader.ended();
      expect(await stored()).toBeUndefined();
      expect(await keysBelow(tools.driver, "")).toEqual([]);
    },
  );

  it("tells of damage to whoever reads a range, and without room", async () => {
    tools.now.breaksAfterBytes = 0;
    await expect(collect(read({ startBytes: 1 }))).rejects.toThrow(StoredBytesDamaged);
    tools.now.hasRoom = false;
    await expect(collect(read())).rejects.toThrow(StoredBytesDamaged);
    expect(tools.quarantined).toEqual([DIGEST, DIGEST]);
  });

  it("begins anew after a making that failed", async () => {
    tools.now.breaksAfterBytes = 100;
    await expect(collect(read())).rejects.toThrow(StoredBytesDamaged);
    tools.now.breaksAfterBytes = Infinity;
    expect((await collect(read())).equals(BLOB)).toBe(true);
  });

  it("writes nothing to a store that is read alone", async () => {
    await using readOnly = await openFakeTools({ mayWrite: false });
    const whole = await collect(readOnly.reader.read(DIGEST, calm()));
    expect(whole.equals(BLOB)).toBe(true);
    readOnly.now.breaksAfterBytes = 0;
    await expect(collect(readOnly.reader.read(DIGEST, calm()))).rejects.toThrow(StoredBytesDamaged);
    await readOnly.reader.ended();
    expect(readOnly.quarantined).toEqual([]);
    expect(await keysBelow(readOnly.driver, "")).toEqual([]);
  });

  it("serves a blob that cannot be stored, whichever call of the store fails", async () => {
    for (let nth = 1; ; nth += 1) {
      const driver = new InMemoryDriver();
      const failing = new FailNth(nth);
      await using other = await openFakeTools({
        driver: intercepted(driver, { before: failing.count }),
      });
      expect((await collect(other.reader.read(DIGEST, calm()))).equals(BLOB)).toBe(true);
      await other.reader.ended();
      const kept = await stored({ ...other, driver });
      expect(kept === undefined || kept.equals(BLOB)).toBe(true);
      if (failing.failed === undefined) break;
      const wasTold = other.log.lines.some(({ level }) => level === "warn");
      expect(wasTold || kept !== undefined).toBe(true);
    }
  });

  it("ends with the server, also for who still reads, and stores nothing", async () => {
    const gate = new Gate();
    tools.now.piece = gate.pass;
    const reading = read();
    gate.open(1);
    await reading.next();
    const rest = failureOf(collect(reading));
    const reason = new Error("the server ends");
    tools.stopping.abort(reason);
    gate.open(1);
    expect(await rest).toBe(reason);
    await tools.reader.ended();
    expect(await stored()).toBeUndefined();
    expect(tools.log.lines).toEqual([]);
  });

  it("begins anew for a reader who comes while a making is closed", async () => {
    const driver = new InMemoryDriver();
    let late: Promise<Buffer> | undefined;
    await using other = await openFakeTools({
      driver: intercepted(driver, {
        after: ({ action }) => {
          if (action !== "deleteTree" || late !== undefined) return;
          // By the time it is asked for, the other has no share left.
          late = Promise.resolve().then(() => collect(other.reader.read(DIGEST, calm())));
        },
      }),
    });
    await collect(other.reader.read(DIGEST, calm()));
    await other.reader.ended();
    expect((await late)?.equals(BLOB)).toBe(true);
  });
});
