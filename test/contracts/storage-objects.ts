import { Buffer } from "node:buffer";
import { expect } from "vitest";
import { InvalidKey, ObjectNotFound } from "../../src/storage/errors.ts";
import { calm, chunks, collect, type Law, pattern, text } from "./storage-subject.ts";

const ODD_KEYS = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/../b",
  "a/./b",
  "a b",
  "a\\b",
  "ä",
  "a\0b",
  "a+b",
  "%2e",
  `a/${"x".repeat(1024)}`,
];

/** Laws of whole objects: stat, read, write, delete, deleteTree. */
export function describeStorageObjects(law: Law): void {
  law("read() yields what write() was given", async ({ driver }) => {
    const bytes = pattern(3 * 1024 * 1024 + 7);
    await driver.write("a/b/c", bytes, calm());
    expect((await collect(driver.read("a/b/c", calm()))).equals(bytes)).toBe(true);
  });

  law("write() replaces what was there", async ({ driver }) => {
    await driver.write("a", Buffer.from("a long text"), calm());
    await driver.write("a", Buffer.from("short"), calm());
    expect(await text(driver.read("a", calm()))).toBe("short");
  });

  law("write() keeps its own copy of the bytes", async ({ driver }) => {
    const bytes = Buffer.from("as given");
    await driver.write("a", bytes, calm());
    bytes.fill(0);
    expect(await text(driver.read("a", calm()))).toBe("as given");
  });

  law("write() stores an empty object", async ({ driver }) => {
    await driver.write("a/empty", new Uint8Array(), calm());
    expect((await driver.stat("a/empty", calm()))?.sizeBytes).toBe(0);
    expect(await text(driver.read("a/empty", calm()))).toBe("");
    const range = { startBytes: 0, lengthBytes: 5 };
    expect(await text(driver.read("a/empty", { ...calm(), range }))).toBe("");
  });

  law("write() by several at once leaves the bytes of one of them", async ({ driver, reopen }) => {
    const other = await reopen();
    const versions = Array.from({ length: 8 }, (_, index) => pattern(100_000 + index, index + 1));
    await Promise.all(
      versions.map((bytes, index) => (index % 2 ? other : driver).write("x/same", bytes, calm())),
    );
    const left = await collect(driver.read("x/same", calm()));
    expect(versions.some((bytes) => bytes.equals(left))).toBe(true);
  });

  law("a reader sees the old bytes or the new, never a part", async ({ driver }) => {
    const [older, newer] = [pattern(300_000, 1), pattern(310_000, 2)];
    await driver.write("a", older, calm());
    const writing = Array.fromAsync([newer, older, newer], (bytes) =>
      driver.write("a", bytes, calm()),
    );
    for (let round = 0; round < 6; round += 1) {
      const seen = await collect(driver.read("a", calm()));
      expect(seen.equals(older) || seen.equals(newer)).toBe(true);
    }
    await writing;
  });

  law("stat() tells key, size and time of an object", async ({ driver }) => {
    await driver.write("a/b", Buffer.from("12345"), calm());
    const info = await driver.stat("a/b", calm());
    expect(info).toMatchObject({ key: "a/b", sizeBytes: 5 });
    expect(Math.abs(Date.now() - (info?.modifiedAt.getTime() ?? 0))).toBeLessThan(3_600_000);
  });

  law("stat() knows neither absent objects nor prefixes", async ({ driver }) => {
    await driver.write("a/b", Buffer.from("x"), calm());
    for (const key of ["absent", "a", "a/b/c", "a/bb"]) {
      expect([key, await driver.stat(key, calm())]).toEqual([key, undefined]);
    }
  });

  law("read() of what is no object throws ObjectNotFound on the first pull", async ({ driver }) => {
    await driver.write("a/b", Buffer.from("x"), calm());
    for (const key of ["absent", "a", "a/b/c"]) {
      const stream = driver.read(key, calm());
      await expect(collect(stream)).rejects.toBeInstanceOf(ObjectNotFound);
    }
    const range = { startBytes: 0, lengthBytes: 0 };
    await expect(collect(driver.read("absent", { ...calm(), range }))).rejects.toBeInstanceOf(
      ObjectNotFound,
    );
  });

  law("read() with a range yields that range, or what is there of it", async ({ driver }) => {
    await driver.write("a", Buffer.from("0123456789"), calm());
    const part = (startBytes: number, lengthBytes?: number): Promise<string> => {
      const range = lengthBytes === undefined ? { startBytes } : { startBytes, lengthBytes };
      return text(driver.read("a", { ...calm(), range }));
    };
    expect(await part(0)).toBe("0123456789");
    expect(await part(0, 1)).toBe("0");
    expect(await part(3, 4)).toBe("3456");
    expect(await part(7)).toBe("789");
    expect(await part(9, 1)).toBe("9");
    expect(await part(9, 1_000_000)).toBe("9");
    expect(await part(4, 0)).toBe("");
    expect(await part(10)).toBe("");
    expect(await part(10, 1)).toBe("");
    expect(await part(1_000_000, 10)).toBe("");
  });

  law(
    "read() frees what it holds when the loop is left early",
    async ({ driver, countHandles }) => {
      const bytes = pattern(2 * 1024 * 1024);
      await driver.write("big", bytes, calm());
      for (let round = 0; round < 24; round += 1) {
        for await (const chunk of driver.read("big", calm())) {
          expect(chunk.byteLength).toBeGreaterThan(0);
          break;
        }
      }
      expect(await countHandles?.()).toBe(countHandles && 0);
      expect((await collect(driver.read("big", calm()))).equals(bytes)).toBe(true);
    },
  );

  law("read() yields bytes that stay as they are", async ({ driver }) => {
    const bytes = pattern(1024 * 1024);
    await driver.write("big", bytes, calm());
    const kept: Uint8Array[] = [];
    for await (const chunk of driver.read("big", calm())) kept.push(chunk);
    expect(Buffer.concat(kept).equals(bytes)).toBe(true);
  });

  law("delete() removes one object and nothing else", async ({ driver }) => {
    for (const key of ["a/b", "a/bc", "a/b-c"]) await driver.write(key, Buffer.from("x"), calm());
    await driver.delete("a/b", calm());
    expect(await driver.stat("a/b", calm())).toBeUndefined();
    expect(await driver.stat("a/bc", calm())).toBeDefined();
    expect(await driver.stat("a/b-c", calm())).toBeDefined();
  });

  law("delete() of what is no object does nothing", async ({ driver }) => {
    await driver.write("a/b", Buffer.from("x"), calm());
    for (const key of ["absent", "a", "a/b/c"]) await driver.delete(key, calm());
    expect(await driver.stat("a/b", calm())).toBeDefined();
  });

  law("deleteTree() removes what lies below, and no sibling", async ({ driver }) => {
    const gone = ["a/x", "a/y/z", "a/y/w/v"];
    const kept = ["a-b", "a.b/x", "a0", "ab/x", "b/a/x"];
    for (const key of [...gone, ...kept]) await driver.write(key, Buffer.from("x"), calm());
    await driver.deleteTree("a", calm());
    const left: string[] = [];
    for (const key of [...gone, ...kept]) if (await driver.stat(key, calm())) left.push(key);
    expect(left).toEqual(kept);
    await driver.deleteTree("a", calm());
    await driver.write("a/x", Buffer.from("again"), calm());
    expect(await text(driver.read("a/x", calm()))).toBe("again");
  });

  law("deleteTree() removes an object of that very key", async ({ driver }) => {
    await driver.write("a/b", Buffer.from("x"), calm());
    await driver.write("a/bc", Buffer.from("x"), calm());
    await driver.deleteTree("a/b", calm());
    expect(await driver.stat("a/b", calm())).toBeUndefined();
    expect(await driver.stat("a/bc", calm())).toBeDefined();
  });

  law("every call refuses a key outside the grammar with InvalidKey", async ({ driver }) => {
    const staged = { sizeBytes: 0, modifiedAt: new Date(), version: "" };
    for (const key of ODD_KEYS) {
      const calls = [
        () => driver.stat(key, calm()),
        () => collect(driver.read(key, calm())),
        () => driver.write(key, Buffer.from("x"), calm()),
        () => driver.delete(key, calm()),
        () => driver.deleteTree(key, calm()),
        () => driver.staging.create(key, calm()),
        () => driver.staging.stat(key, calm()),
        () => driver.staging.append(key, chunks("x"), { ...calm(), at: staged }),
        () => collect(driver.staging.read(key, calm())),
        () => driver.staging.publish("u/_uploads/1/data", key, { ...calm(), at: staged }),
        () => driver.staging.discard(key, calm()),
      ];
      for (const call of calls) await expect(call()).rejects.toBeInstanceOf(InvalidKey);
      if (key === "") continue;
      const listed = Array.fromAsync(driver.list(key, calm()));
      await expect(listed).rejects.toBeInstanceOf(InvalidKey);
    }
  });

  law("keys may hold every character of the grammar", async ({ driver }) => {
    const key = "A-Z_a.z/0:9/x..y/_z/-w/sha256:ab/data";
    await driver.write(key, Buffer.from("x"), calm());
    expect(await text(driver.read(key, calm()))).toBe("x");
    expect(await driver.stat(key, calm())).toMatchObject({ key });
    await driver.delete(key, calm());
    expect(await driver.stat(key, calm())).toBeUndefined();
  });

  law("keys that differ in case are different objects", async ({ driver }) => {
    await driver.write("t/V1", Buffer.from("upper"), calm());
    await driver.write("t/v1", Buffer.from("lower"), calm());
    expect(await text(driver.read("t/V1", calm()))).toBe("upper");
    expect(await text(driver.read("t/v1", calm()))).toBe("lower");
  });

  law("calls reject with the reason of an aborted signal itself", async ({ driver }) => {
    await driver.write("a/b", pattern(1_000_000), calm());
    const reason = new Error("the client went away");
    const options = { signal: AbortSignal.abort(reason) };
    await expect(driver.stat("a/b", options)).rejects.toBe(reason);
    await expect(collect(driver.read("a/b", options))).rejects.toBe(reason);
    await expect(driver.write("a/c", Buffer.from("x"), options)).rejects.toBe(reason);
    await expect(driver.delete("a/b", options)).rejects.toBe(reason);
    await expect(driver.deleteTree("a", options)).rejects.toBe(reason);
    await expect(Array.fromAsync(driver.list("a", options))).rejects.toBe(reason);
    expect(await driver.stat("a/b", calm())).toBeDefined();
    expect(await driver.stat("a/c", calm())).toBeUndefined();
  });

  law("read() rejects with the reason when its signal aborts midway", async ({ driver }) => {
    await driver.write("a", pattern(4 * 1024 * 1024), calm());
    const stop = new AbortController();
    const reason = new Error("the client went away");
    const reading = (async () => {
      for await (const _chunk of driver.read("a", { signal: stop.signal })) stop.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });
}
