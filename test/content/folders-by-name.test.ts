/** Pages of folders in the order of their names, whatever the order of the driver. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldersByName } from "../../src/content/folders-by-name.ts";
import { tagFolder } from "../../src/content/layout.ts";
import { isTag, parseTag } from "../../src/oci/reference.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { describeContent, openContent } from "./content-subject.ts";
import { APP } from "./images.ts";

const tag = fc
  .array(fc.constantFrom("a", "b", "A", "0", "-", ".", "_"), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(""))
  .filter(isTag);
const tags = fc.uniqueArray(tag, { maxLength: 20 });
const text = fc.oneof(tag, fc.stringMatching(/^[-abA0./_~]{0,6}$/));
const size = fc.integer({ min: 1, max: 6 });

const AWKWARD = ["A", "a", "a-", "a--b", "a-b", "a-b.c", "a.", "a.b", "a.b-c", "a0", "a_", "b-1"];

async function driverWith(names: readonly string[]): Promise<InMemoryDriver> {
  const driver = new InMemoryDriver();
  for (const name of names) await driver.write(`p/${name}/x`, Buffer.from("x"), calm());
  return driver;
}

function byBytes(left: string, right: string): number {
  return left < right ? -1 : 1;
}

describe("foldersByName", () => {
  it("gives names and folders in byte order, behind any text, in chunks of any size", async () => {
    const property = fc.asyncProperty(tags, text, size, async (names, after, ahead) => {
      const driver = await driverWith(names);
      const page = { driver, after, ahead, accepts: isTag, ...calm() };
      const steps = (await Array.fromAsync(foldersByName("p", page))).flat();
      const all = names.flatMap((name) => [name, `${name}/`]);
      const mayHoldMore = (step: string): boolean => step.endsWith("/") && after.startsWith(step);
      const behind = all.filter((step) => step > after).toSorted(byBytes);
      expect(steps.filter((step) => !mayHoldMore(step))).toEqual(behind);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("looks at a page and a few names more, however many there are", async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `v1.0-${String(index)}`);
    const { driver, count } = counting(await driverWith([...names, "v1", "v1.0"]));
    const page = { driver, after: "v1.0-20", ahead: 11, accepts: isTag, ...calm() };
    for await (const chunk of foldersByName("p", page)) {
      expect(chunk.filter(isTag)).toHaveLength(10);
      break;
    }
    expect(count()).toBeLessThan(20);
  });
});

describeContent("pages of tags", (open) => {
  it("behind any text are the end of the whole list", async () => {
    const { content, driver } = await open();
    for (const name of AWKWARD) await writeTag(driver, name);
    expect(await content.tags.list(APP, calm())).toEqual(AWKWARD);
    for (const after of [...AWKWARD, "", "-", "a/", "a-b/c", "a~", "é", "zzz"]) {
      const behind = AWKWARD.filter((name) => name > after);
      for (const limit of [undefined, 1, 2, 5, 12]) {
        const page = await content.tags.list(APP, { after, limit, ...calm() });
        expect([after, limit, ...(page ?? [])]).toEqual([after, limit, ...behind.slice(0, limit)]);
      }
    }
  });

  it("of nothing are empty, and nothing is no repository", async () => {
    const { content, driver } = await open();
    for (const limit of [0, 5]) {
      expect(await content.tags.list(APP, { limit, ...calm() })).toBeUndefined();
    }
    await writeTag(driver, "b");
    expect(await content.tags.list(APP, { limit: 0, ...calm() })).toEqual([]);
    expect(await content.tags.list(APP, { after: "b", limit: 5, ...calm() })).toEqual([]);
  });
});

describe("pages of tags", () => {
  it("of any size give every tag once", async () => {
    const property = fc.asyncProperty(tags, size, async (names, limit) => {
      const driver = new InMemoryDriver();
      for (const name of names) await writeTag(driver, name);
      const { content } = await openContent(async () => driver);
      const seen: string[] = [];
      for (;;) {
        const options = { after: seen.at(-1), limit, ...calm() };
        const page = (await content.tags.list(APP, options)) ?? [];
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(limit);
        seen.push(...page);
      }
      expect(seen).toEqual(names.toSorted(byBytes));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

async function writeTag(driver: StorageDriver, name: string): Promise<void> {
  const link = `${tagFolder(APP, parseTag(name))}/current/link`;
  await driver.write(link, Buffer.from(`sha256:${"0".repeat(64)}`), calm());
}

/** A driver that counts the entries that are listed. */
function counting(driver: StorageDriver): { driver: StorageDriver; count: () => number } {
  let entries = 0;
  const list: StorageDriver["list"] = async function* (prefix, options) {
    for await (const entry of driver.list(prefix, options)) {
      entries += 1;
      yield entry;
    }
  };
  return { driver: partlyReplaced(driver, { list }), count: () => entries };
}
