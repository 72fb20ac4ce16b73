import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repositoryFolder } from "../../src/content/layout.ts";
import { createCatalog } from "../../src/content/catalog.ts";
import { walkRepositories } from "../../src/content/walk.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { isRepositoryName, parseRepositoryName } from "../../src/oci/repository-name.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { describeContent, openContent } from "./content-subject.ts";
import { actor, LAYER, pushBlob, pushImage } from "./images.ts";

/** Where byte order of names, of folders and of keys differ. */
const NASTY = ["a", "a--b/c", "a-b", "a-b/c", "a.b", "a.b/c", "a/b", "a/b-c", "a/b/c", "a0", "a_b"];
const SORTED = NASTY.toSorted();

describeContent("the catalog", (open) => {
  it("lists names in byte order, and goes on behind any text", async () => {
    const { content } = await open();
    for (const name of NASTY) {
      await pushImage(content, undefined, { repository: parseRepositoryName(name) });
    }
    const all = await content.catalog.page({ ...calm(), after: undefined, limit: 100 });
    expect(all).toEqual(SORTED);
    for (const after of [...NASTY, "", "a-", "a/", "a/b/", "b", "a/b/c/d", "A", "zzz"]) {
      const behind = SORTED.filter((name) => name > after);
      const page = await content.catalog.page({ ...calm(), after, limit: 100 });
      expect([after, ...page]).toEqual([after, ...behind]);
    }
  });

  it("cuts pages, and a page of nothing is empty", async () => {
    const { content } = await open();
    for (const name of NASTY) {
      await pushImage(content, undefined, { repository: parseRepositoryName(name) });
    }
    const page = await content.catalog.page({ ...calm(), after: "a", limit: 3 });
    expect(page).toEqual(SORTED.slice(1, 4));
    expect(await content.catalog.page({ ...calm(), after: "a", limit: 0 })).toEqual([]);
  });

  it("leaves out what has never had a manifest", async () => {
    const { content } = await open();
    await pushBlob(content, LAYER, { repository: parseRepositoryName("only/blobs") });
    await content.uploads.start(parseRepositoryName("only/uploads"), calm());
    expect(await content.catalog.page({ ...calm(), after: undefined, limit: 9 })).toEqual([]);
  });

  it("keeps a repository whose tags were deleted", async () => {
    const { content } = await open();
    const repository = parseRepositoryName("kept");
    const bytes = await pushImage(content, "latest", { repository });
    for (const tag of (await content.tags.list(repository, calm())) ?? []) {
      await content.tags.delete(repository, tag, actor());
    }
    expect(await content.catalog.page({ ...calm(), after: undefined, limit: 9 })).toEqual(["kept"]);
    const reference = { kind: "digest", digest: digestOf(bytes) } as const;
    expect((await content.manifests.get(repository, reference, calm())).bytes).toEqual(bytes);
  });

  it("shows what is wanted, and looks at nothing that cannot be", async () => {
    const { content, driver } = await open();
    const names = ["hidden/a", "hidden/b/c", "public/a", "public/a/b", "public", "z"];
    for (const name of names) {
      await pushImage(content, undefined, { repository: parseRepositoryName(name) });
    }
    const listed: string[] = [];
    const watched = partlyReplaced(driver, {
      list: (prefix, options) => {
        listed.push(prefix);
        return driver.list(prefix, options);
      },
    });
    const wanted = {
      has: (name: string) => name.startsWith("public/"),
      mayLieBelow: (folder: string) => folder.startsWith("public/"),
    };
    const catalog = createCatalog({ driver: watched });
    for (const after of [undefined, "g", "hidden/a", "hidden/b/b"]) {
      const page = await catalog.page({ ...calm(), after, limit: 9, wanted });
      expect(page).toEqual(["public/a", "public/a/b"]);
    }
    expect(listed.filter((folder) => /\/(?:hidden|z)(?:\/|$)/.test(folder))).toEqual([]);
  });

  it("passes over folders that cannot be a repository's", async () => {
    const { content, driver } = await open();
    await pushImage(content, undefined, { repository: parseRepositoryName("good") });
    for (const name of ["Bad", "_bad", "a..b", "lost+found".replace("+", "-_")]) {
      const key = `${repositoryFolder(name)}/_manifests/revisions/x`;
      await driver.write(key, Buffer.from("x"), calm());
    }
    expect(await content.catalog.page({ ...calm(), after: undefined, limit: 9 })).toEqual(["good"]);
  });
});

describe("walking the repositories", () => {
  const component = fc
    .array(fc.constantFrom("a", "b", "0", "-", ".", "_", "--", "__"), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join(""));
  const name = fc
    .array(component, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("/"))
    .filter(isRepositoryName);
  const text = fc.oneof(name, fc.stringMatching(/^[-a-b0./_]{0,6}$/));

  async function driverWith(names: readonly string[]): Promise<InMemoryDriver> {
    const driver = new InMemoryDriver();
    for (const one of names) {
      const link = `${repositoryFolder(one)}/_manifests/revisions/sha256/x/link`;
      await driver.write(link, Buffer.from("x"), calm());
    }
    return driver;
  }

  it("gives the sorted list behind any text", async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(name, { maxLength: 12 }),
      text,
      async (names, after) => {
        const driver = await driverWith(names);
        const found = await Array.fromAsync(walkRepositories({ driver, after, ...calm() }));
        expect(found.map((one) => one.name)).toEqual(
          names.filter((one) => one > after).toSorted((left, right) => (left < right ? -1 : 1)),
        );
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it("gives every name once, page by page, whatever the size of the pages", async () => {
    const names = fc.uniqueArray(name, { maxLength: 10 });
    const property = fc.asyncProperty(names, fc.integer({ min: 1, max: 4 }), async (all, limit) => {
      const driver = await driverWith(all);
      const { content } = await openContent(async () => driver);
      const seen: string[] = [];
      for (;;) {
        const page = await content.catalog.page({ ...calm(), after: seen.at(-1), limit });
        if (page.length === 0) break;
        seen.push(...page);
      }
      expect(seen).toEqual(all.toSorted());
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
