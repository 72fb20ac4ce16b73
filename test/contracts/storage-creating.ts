import { Buffer } from "node:buffer";
import { expect } from "vitest";
import { ObjectExists } from "../../src/storage/errors.ts";
import { calm, collect, type Law, names, pattern, text } from "./storage-subject.ts";

const ROUNDS = 12;
const WRITERS = 6;

function ifAbsent(): { readonly signal: AbortSignal; readonly ifAbsent: true } {
  return { ...calm(), ifAbsent: true };
}

/** Laws of `write` with `ifAbsent`. */
export function describeStorageCreating(law: Law): void {
  law("write() with ifAbsent stores an object where none is", async ({ driver, reopen }) => {
    await driver.write("a/b", Buffer.from("bytes"), ifAbsent());
    await driver.write("a/empty", new Uint8Array(), ifAbsent());
    const other = await reopen();
    expect(await text(other.read("a/b", calm()))).toBe("bytes");
    expect((await other.stat("a/empty", calm()))?.sizeBytes).toBe(0);
  });

  law("write() with ifAbsent leaves what is there as it is", async ({ driver, reopen }) => {
    await driver.write("a/b", Buffer.from("older"), calm());
    await driver.write("a/empty", new Uint8Array(), calm());
    for (const writer of [driver, await reopen()]) {
      for (const key of ["a/b", "a/empty"]) {
        const writing = writer.write(key, Buffer.from("newer bytes"), ifAbsent());
        await expect(writing).rejects.toBeInstanceOf(ObjectExists);
        await expect(writing).rejects.toMatchObject({ kind: "ObjectExists", key });
      }
    }
    expect(await text(driver.read("a/b", calm()))).toBe("older");
    expect(await text(driver.read("a/empty", calm()))).toBe("");
    expect(await names(driver.list("a", calm()))).toEqual(["b", "empty"]);
  });

  law("write() with ifAbsent takes no prefix for an object", async ({ driver }) => {
    await driver.write("t/ab/link", Buffer.from("x"), calm());
    await driver.write("t/a", Buffer.from("a"), ifAbsent());
    expect(await text(driver.read("t/a", calm()))).toBe("a");
  });

  law("write() with ifAbsent stores again what was deleted", async ({ driver, reopen }) => {
    const other = await reopen();
    await driver.write("a/b", Buffer.from("first"), ifAbsent());
    await other.delete("a/b", calm());
    await driver.write("a/b", Buffer.from("second"), ifAbsent());
    await other.deleteTree("a", calm());
    await driver.write("a/b", Buffer.from("third"), { ...ifAbsent(), isVolatile: true });
    expect(await text(other.read("a/b", calm()))).toBe("third");
    await driver.write("a/b", Buffer.from("fourth"), calm());
    expect(await text(other.read("a/b", calm()))).toBe("fourth");
  });

  law("of several write() with ifAbsent one alone succeeds", async ({ driver, reopen }) => {
    const other = await reopen();
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `new/${round}/link`;
      const versions = Array.from({ length: WRITERS }, (_, index) => pattern(999, index + 1));
      const outcomes = await Promise.allSettled(
        versions.map((bytes, index) => (index % 2 ? other : driver).write(key, bytes, ifAbsent())),
      );
      const winners = versions.filter((_, index) => outcomes[index]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(ObjectExists);
      }
      expect(await collect(driver.read(key, calm()))).toEqual(winners[0]);
      expect(await names(driver.list(`new/${round}`, calm()))).toEqual(["link"]);
    }
  });

  law("write() with ifAbsent and an aborted signal stores nothing", async ({ driver }) => {
    const reason = new Error("the client went away");
    const options = { ...ifAbsent(), signal: AbortSignal.abort(reason) };
    await expect(driver.write("a", Buffer.from("x"), options)).rejects.toBe(reason);
    expect(await driver.stat("a", calm())).toBeUndefined();
  });
}
