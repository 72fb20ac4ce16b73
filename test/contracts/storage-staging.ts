import { Buffer } from "node:buffer";
import { expect } from "vitest";
import { ObjectNotFound, StagedOutOfOrder, StorageUnavailable } from "../../src/storage/errors.ts";
import type { StagedInfo, StorageDriver } from "../../src/storage/storage-driver.ts";
import { calm, chunks, collect, inPieces, type Law, pattern, text } from "./storage-subject.ts";

const KEY = "docker/registry/v2/repositories/r/_uploads/0b0f5e3c/data";
const MIB = 1024 * 1024;

/** What survives of a staged object, as far as it may: a beginning of what was sent. */
async function expectBeginning(driver: StorageDriver, sent: Uint8Array): Promise<void> {
  const staged = await driver.staging.stat(KEY, calm());
  const there = await collect(driver.staging.read(KEY, calm()));
  expect(there.byteLength).toBe(staged?.sizeBytes);
  expect(there.equals(sent.subarray(0, there.byteLength))).toBe(true);
}

/** Laws of a staged object while it grows. */
export function describeStorageStaging(law: Law): void {
  law("a staged object begins empty and grows by appends", async ({ driver: { staging } }) => {
    const empty = await staging.create(KEY, calm());
    expect(empty.sizeBytes).toBe(0);
    const one = await staging.append(KEY, chunks("one ", "two "), { ...calm(), at: empty });
    expect(one.sizeBytes).toBe(8);
    const two = await staging.append(KEY, chunks("three"), { ...calm(), at: one });
    expect(two.sizeBytes).toBe(13);
    expect(await staging.stat(KEY, calm())).toMatchObject({
      sizeBytes: 13,
      version: two.version,
    });
    expect(await text(staging.read(KEY, calm()))).toBe("one two three");
  });

  law("a staged object is no object", async ({ driver }) => {
    const at = await driver.staging.create(KEY, calm());
    await driver.staging.append(KEY, chunks("x"), { ...calm(), at });
    expect(await driver.stat(KEY, calm())).toBeUndefined();
    await expect(collect(driver.read(KEY, calm()))).rejects.toBeInstanceOf(ObjectNotFound);
    await driver.delete(KEY, calm());
    expect(await driver.staging.stat(KEY, calm())).toBeDefined();
  });

  law("create() of one that exists throws StorageUnavailable", async ({ driver: { staging } }) => {
    const at = await staging.create(KEY, calm());
    await staging.append(KEY, chunks("kept"), { ...calm(), at });
    await expect(staging.create(KEY, calm())).rejects.toBeInstanceOf(StorageUnavailable);
    expect(await text(staging.read(KEY, calm()))).toBe("kept");
  });

  law("stat() of one that was never created is undefined", async ({ driver: { staging } }) => {
    expect(await staging.stat(KEY, calm())).toBeUndefined();
  });

  law("append() and read() of an absent one throw ObjectNotFound", async ({ driver }) => {
    const at = { sizeBytes: 0, modifiedAt: new Date(), version: "none" };
    const appending = driver.staging.append(KEY, chunks("x"), { ...calm(), at });
    await expect(appending).rejects.toBeInstanceOf(ObjectNotFound);
    const reading = collect(driver.staging.read(KEY, calm()));
    await expect(reading).rejects.toBeInstanceOf(ObjectNotFound);
  });

  law("append() of nothing leaves the size", async ({ driver: { staging } }) => {
    const empty = await staging.create(KEY, calm());
    const still = await staging.append(KEY, chunks(), { ...calm(), at: empty });
    expect(still.sizeBytes).toBe(0);
    const one = await staging.append(KEY, chunks("", "a", ""), { ...calm(), at: still });
    const same = await staging.append(KEY, chunks(), { ...calm(), at: one });
    expect(same.sizeBytes).toBe(1);
    expect(await text(staging.read(KEY, calm()))).toBe("a");
  });

  law("append() at another size or version throws before it reads", async ({ driver }) => {
    const { staging } = driver;
    const empty = await staging.create(KEY, calm());
    const one = await staging.append(KEY, chunks("12345"), { ...calm(), at: empty });
    let wasRead = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      wasRead = true;
      yield Buffer.from("x");
    };
    for (const at of [empty, { ...one, sizeBytes: 4 }, { ...one, version: "another" }]) {
      const appending = staging.append(KEY, source(), { ...calm(), at });
      await expect(appending).rejects.toMatchObject({ kind: "StagedOutOfOrder", sizeBytes: 5 });
    }
    expect(wasRead).toBe(false);
    expect(await staging.stat(KEY, calm())).toMatchObject({ sizeBytes: 5, version: one.version });
  });

  law("the version changes with every change", async ({ driver: { staging } }) => {
    const seen = new Set<string>();
    let at = await staging.create(KEY, calm());
    seen.add(at.version);
    for (let round = 1; round <= 8; round += 1) {
      at = await staging.append(KEY, chunks("x"), { ...calm(), at });
      seen.add(at.version);
    }
    expect(seen.size).toBe(9);
    expect((await staging.stat(KEY, calm()))?.version).toBe(at.version);
  });

  law("several uneven appends join to the whole", async ({ driver: { staging } }) => {
    const whole = pattern(12 * MIB + 345);
    const cuts = [0, 1, 70_000, 5 * MIB, 5 * MIB + 1, 11 * MIB, whole.byteLength];
    let at = await staging.create(KEY, calm());
    for (const [index, start] of cuts.slice(0, -1).entries()) {
      const piece = whole.subarray(start, cuts[index + 1]);
      at = await staging.append(KEY, inPieces(piece, 64 * 1024 - 3), { ...calm(), at });
      expect(at.sizeBytes).toBe(cuts[index + 1]);
    }
    expect((await collect(staging.read(KEY, calm()))).equals(whole)).toBe(true);
  });

  law("one large append arrives whole, in tiny pieces and in huge ones", async ({ driver }) => {
    const whole = pattern(11 * MIB + 1);
    for (const [name, pieceBytes] of [
      ["small", 4 * 1024 + 1],
      ["huge", whole.byteLength],
    ] as const) {
      const key = `r/_uploads/${name}/data`;
      const at = await driver.staging.create(key, calm());
      const grown = await driver.staging.append(key, inPieces(whole, pieceBytes), {
        ...calm(),
        at,
      });
      expect(grown.sizeBytes).toBe(whole.byteLength);
      expect((await collect(driver.staging.read(key, calm()))).equals(whole)).toBe(true);
    }
  });

  law("append() keeps nothing of a piece once it asks for the next", async ({ driver }) => {
    const whole = pattern(9 * MIB + 77);
    const memory = new Uint8Array(new SharedArrayBuffer(MIB));
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < whole.byteLength; at += MIB) {
        const piece = whole.subarray(at, at + MIB);
        memory.set(piece);
        yield memory.subarray(0, piece.byteLength);
        memory.fill(0xff);
      }
    };
    const at = await driver.staging.create(KEY, calm());
    const grown = await driver.staging.append(KEY, source(), { ...calm(), at });
    expect(grown.sizeBytes).toBe(whole.byteLength);
    expect((await collect(driver.staging.read(KEY, calm()))).equals(whole)).toBe(true);
  });

  law("another driver on the same store goes on with it", async ({ driver, reopen }) => {
    const whole = pattern(7 * MIB + 11);
    const at = await driver.staging.create(KEY, calm());
    const first = inPieces(whole.subarray(0, 6 * MIB), 100_000);
    const grown = await driver.staging.append(KEY, first, { ...calm(), at });
    const other = await reopen();
    const seen = await other.staging.stat(KEY, calm());
    expect(seen).toMatchObject({ sizeBytes: 6 * MIB, version: grown.version });
    const rest = inPieces(whole.subarray(6 * MIB), 100_000);
    const all = await other.staging.append(KEY, rest, { ...calm(), at: seen ?? at });
    await other.staging.publish(KEY, "blobs/x/data", { ...calm(), at: all });
    expect((await collect(driver.read("blobs/x/data", calm()))).equals(whole)).toBe(true);
    expect(await driver.staging.stat(KEY, calm())).toBeUndefined();
  });

  law(
    "append() keeps what arrived when the source fails, and throws its error",
    async ({ driver }) => {
      const sent = pattern(6 * MIB);
      const failure = new Error("the client went away");
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield* inPieces(sent, 64 * 1024);
        throw failure;
      };
      const at = await driver.staging.create(KEY, calm());
      await expect(driver.staging.append(KEY, source(), { ...calm(), at })).rejects.toBe(failure);
      const staged = await driver.staging.stat(KEY, calm());
      expect(staged?.sizeBytes).toBe(sent.byteLength);
      expect(staged?.version).not.toBe(at.version);
      await expectBeginning(driver, sent);
    },
  );

  law("append() tells what it left when the source fails", async ({ driver: { staging } }) => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("content");
      throw new Error("cut");
    };
    const at = await staging.create(KEY, calm());
    const kept: StagedInfo[] = [];
    const options = { ...calm(), at, onKept: (left: StagedInfo) => void kept.push(left) };
    await expect(staging.append(KEY, source(), options)).rejects.toThrow("cut");
    expect(kept.map(({ version }) => version)).toEqual([
      (await staging.stat(KEY, calm()))?.version,
    ]);
    expect(kept[0]?.sizeBytes).toBe(7);
  });

  law("append() tells nothing when another process has appended as much", async (store) => {
    const { staging } = store.driver;
    const other = await store.reopen();
    const at = await staging.create(KEY, calm());
    const source = async function* (): AsyncGenerator<Uint8Array> {
      await other.staging.append(KEY, chunks("another"), { ...calm(), at });
      yield Buffer.from("content");
      throw new Error("cut");
    };
    const kept: StagedInfo[] = [];
    const options = { ...calm(), at, onKept: (left: StagedInfo) => void kept.push(left) };
    await expect(staging.append(KEY, source(), options)).rejects.toBeInstanceOf(Error);
    const now = await staging.stat(KEY, calm());
    expect(kept.map(({ version }) => version)).not.toContain(now?.version);
    expect(await text(staging.read(KEY, calm()))).toBe("another");
  });

  law("append() does not mistake the source's errors for its own", async ({ driver }) => {
    const failure = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("x");
      throw failure;
    };
    const at = await driver.staging.create(KEY, calm());
    await expect(driver.staging.append(KEY, source(), { ...calm(), at })).rejects.toBe(failure);
  });

  law("append() goes on after a source that failed", async ({ driver: { staging } }) => {
    const whole = pattern(9 * MIB + 5);
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield* inPieces(whole.subarray(0, 6 * MIB + 1), 64 * 1024);
      throw new Error("cut");
    };
    const empty = await staging.create(KEY, calm());
    await expect(staging.append(KEY, source(), { ...calm(), at: empty })).rejects.toThrow("cut");
    const at = (await staging.stat(KEY, calm())) ?? empty;
    const rest = inPieces(whole.subarray(at.sizeBytes), 64 * 1024);
    const all = await staging.append(KEY, rest, { ...calm(), at });
    expect(all.sizeBytes).toBe(whole.byteLength);
    expect((await collect(staging.read(KEY, calm()))).equals(whole)).toBe(true);
  });

  law(
    "append() rejects with the reason of its signal and keeps what arrived",
    async ({ driver }) => {
      const sent = pattern(6 * MIB);
      const stop = new AbortController();
      const reason = new Error("shutting down");
      const source = inPieces(sent, 64 * 1024, (sentBytes) => {
        if (sentBytes === 3 * MIB) stop.abort(reason);
      });
      const at = await driver.staging.create(KEY, calm());
      const appending = driver.staging.append(KEY, source, { signal: stop.signal, at });
      await expect(appending).rejects.toBe(reason);
      const staged = await driver.staging.stat(KEY, calm());
      expect(staged?.sizeBytes).toBe(3 * MIB);
      await expectBeginning(driver, sent);
    },
  );

  law("append() heeds its signal while the source says nothing", async ({ driver }) => {
    const stop = new AbortController();
    const reason = new Error("shutting down");
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("here");
      setImmediate(() => stop.abort(reason));
      await new Promise(() => undefined);
    };
    const at = await driver.staging.create(KEY, calm());
    const appending = driver.staging.append(KEY, source(), { signal: stop.signal, at });
    await expect(appending).rejects.toBe(reason);
    expect(await text(driver.staging.read(KEY, calm()))).toBe("here");
  });

  law(
    "append() closes a source that it does not read to the end",
    async ({ driver, countHandles }) => {
      const stop = new AbortController();
      let isClosed = false;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            yield Buffer.from("x");
            stop.abort(new Error("enough"));
          }
        } finally {
          isClosed = true;
        }
      };
      const at = await driver.staging.create(KEY, calm());
      const appending = driver.staging.append(KEY, source(), { signal: stop.signal, at });
      await expect(appending).rejects.toThrow("enough");
      expect(isClosed).toBe(true);
      expect(await countHandles?.()).toBe(countHandles && 0);
    },
  );

  law("of two appends at the same place only true ones succeed", async ({ driver, reopen }) => {
    const other = await reopen();
    const [mine, theirs] = [pattern(7 * MIB, 1), pattern(7 * MIB, 2)];
    const at = await driver.staging.create(KEY, calm());
    const results = await Promise.allSettled([
      driver.staging.append(KEY, inPieces(mine, 64 * 1024), { ...calm(), at }),
      other.staging.append(KEY, inPieces(theirs, 64 * 1024), { ...calm(), at }),
    ]);
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") {
        expect(result.reason).toBeInstanceOf(StagedOutOfOrder);
        continue;
      }
      // Whoever was told of success can publish exactly its own bytes, or nothing.
      const publishing = driver.staging.publish(KEY, "b/x/data", { ...calm(), at: result.value });
      const failed = await publishing.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed) expect(failed).toBeInstanceOf(StagedOutOfOrder);
      else
        expect(
          (await collect(driver.read("b/x/data", calm()))).equals([mine, theirs][index] ?? mine),
        ).toBe(true);
    }
  });
}
