import { Buffer } from "node:buffer";
import { expect } from "vitest";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { calm, chunks, type Law, names } from "./storage-subject.ts";

async function writeAll(driver: StorageDriver, keys: readonly string[]): Promise<void> {
  const rest = [...keys];
  const writeRest = async (): Promise<void> => {
    for (let key = rest.pop(); key !== undefined; key = rest.pop()) {
      await driver.write(key, Buffer.from("x"), calm());
    }
  };
  await Promise.all(Array.from({ length: 16 }, writeRest));
}

/** Names that begin others, and go on with what comes before and behind a slash. */
const AWKWARD = ["A", "a-", "a-b/x", "a.", "a.b", "a/x", "a0", "a:", "aa/x", "a_", "ab/x/y"].map(
  (key) => `p/${key}`,
);
const AWKWARD_SORTED = ["A", "a-", "a-b/", "a.", "a.b", "a/", "a0", "a:", "a_", "aa/", "ab/"];
const PLAIN = ["", "-", "/", "a-b/x", "a.~", "a/x", "a/~", "a//", "../x", "a/../..", "~", "z"];
const ODD = ["a ", "a[", "a\u0001", "<&", "é", "a".repeat(2000)];

/** Laws of `list`. */
export function describeStorageListing(law: Law): void {
  law("list() yields what lies directly below, in byte order", async ({ driver }) => {
    await writeAll(driver, ["p/b", "p/a/x/y", "p/B", "p/_c/x", "p/0", "q/z", "p/a/w"]);
    expect(await names(driver.list("p", calm()))).toEqual(["0", "B", "_c/", "a/", "b"]);
  });

  law("list() keeps siblings with a common beginning apart", async ({ driver }) => {
    const keys = ["p/a-b/x", "p/a/x", "p/a.b/x", "p/a0/x", "p/ab", "p/a-", "p/a.", "pa/x", "p-a/x"];
    await writeAll(driver, keys);
    const sorted = ["a-", "a-b/", "a.", "a.b/", "a/", "a0/", "ab"];
    expect(await names(driver.list("p", calm()))).toEqual(sorted);
    expect(await names(driver.list("p/a", calm()))).toEqual(["x"]);
  });

  law("list() starts behind `after`, which need not exist", async ({ driver }) => {
    await writeAll(driver, ["p/a-b/x", "p/a/x", "p/a0/x", "p/b", "p/c/x"]);
    const after = (name: string): Promise<readonly string[]> =>
      names(driver.list("p", { ...calm(), after: name }));
    expect(await after("")).toEqual(["a-b/", "a/", "a0/", "b", "c/"]);
    expect(await after("a")).toEqual(["a-b/", "a/", "a0/", "b", "c/"]);
    expect(await after("a-b/")).toEqual(["a/", "a0/", "b", "c/"]);
    expect(await after("a/")).toEqual(["a0/", "b", "c/"]);
    expect(await after("a5")).toEqual(["b", "c/"]);
    expect(await after("b")).toEqual(["c/"]);
    expect(await after("c/")).toEqual([]);
    expect(await after("zz")).toEqual([]);
  });

  law("list() behind any text is the end of the whole list", async ({ driver }) => {
    await writeAll(driver, AWKWARD);
    const all = await names(driver.list("p", calm()));
    expect(all).toEqual(AWKWARD_SORTED);
    const texts = [...all, ...all.map((name) => name.replace("/", "")), ...PLAIN, ...ODD];
    for (const after of texts) {
      const behind = await names(driver.list("p", { ...calm(), after }));
      expect([after, ...behind]).toEqual([after, ...all.filter((name) => name > after)]);
    }
  });

  law("list() shows at once what another driver has changed", async ({ driver, reopen }) => {
    const other = await reopen();
    const number = (index: number): string => `p/f${String(index).padStart(3, "0")}`;
    const expected = Array.from({ length: 100 }, (_, index) => number(index));
    await writeAll(
      other,
      expected.map((folder) => `${folder}/x`),
    );
    const listed = async (): Promise<readonly string[]> =>
      (await names(driver.list("p", calm()))).map((name) => `p/${name.replace("/", "")}`);
    expect(await listed()).toEqual(expected);
    for (let index = 100; index < 130; index += 1) {
      await other.write(`${number(index)}/x`, Buffer.from("x"), calm());
      expected.push(number(index));
      expect(await listed()).toEqual(expected);
      await other.deleteTree(expected.shift() ?? "", calm());
      expect(await listed()).toEqual(expected);
    }
  });

  law("list() of an absent prefix, or of an object, yields nothing", async ({ driver }) => {
    await writeAll(driver, ["p/a"]);
    expect(await names(driver.list("absent/deep", calm()))).toEqual([]);
    expect(await names(driver.list("p/a", calm()))).toEqual([]);
  });

  law("list() of the empty prefix starts at the root", async ({ driver }) => {
    await writeAll(driver, ["one", "two/x"]);
    expect(await names(driver.list("", calm()))).toEqual(["one", "two/"]);
    expect(await names(driver.list("", { ...calm(), after: "one" }))).toEqual(["two/"]);
  });

  law("list() yields more than a thousand entries, each once", async ({ driver }) => {
    const number = (index: number): string => String(index).padStart(4, "0");
    const objects = Array.from({ length: 620 }, (_, index) => `o${number(index)}`);
    const folders = Array.from({ length: 620 }, (_, index) => `f${number(index)}`);
    await writeAll(driver, [...objects.map((o) => `p/${o}`), ...folders.map((f) => `p/${f}/x`)]);
    const expected = [...folders.map((name) => `${name}/`), ...objects];
    expect(await names(driver.list("p", calm()))).toEqual(expected);
    const after = "f0600/";
    expect(await names(driver.list("p", { ...calm(), after }))).toEqual(expected.slice(601));
    await driver.deleteTree("p", calm());
    const left = await names(driver.list("p", calm()));
    expect(left).toEqual([]);
  });

  law("list() may be left early", async ({ driver, countHandles }) => {
    await writeAll(driver, ["p/a", "p/b", "p/c"]);
    for await (const { name } of driver.list("p", calm())) {
      expect(name).toBe("a");
      break;
    }
    expect(await countHandles?.()).toBe(countHandles && 0);
  });

  law("list() shows no staged objects", async ({ driver }) => {
    await driver.write("r/_uploads/1/startedat", Buffer.from("x"), calm());
    const at = await driver.staging.create("r/_uploads/1/data", calm());
    expect(await names(driver.list("r/_uploads/1", calm()))).toEqual(["startedat"]);
    await driver.staging.append("r/_uploads/1/data", chunks("bytes"), { ...calm(), at });
    expect(await names(driver.list("r/_uploads/1", calm()))).toEqual(["startedat"]);
    expect(await names(driver.list("r/_uploads", calm()))).toEqual(["1/"]);
  });
}
