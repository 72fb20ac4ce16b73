import { mkdir, mkdtempDisposable, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { infoOf, quickStatFile } from "../../storage-drivers/filesystem/quick-stat.ts";
import { isSameVersion } from "../../src/storage/storage-driver.ts";

describe("quickStatFile", () => {
  it("takes neither directories nor symbolic links for objects", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-look-"));
    const [file, link, directory] = ["file", "link", "dir"].map((name) => join(folder.path, name));
    await writeFile(file ?? "", "x");
    await symlink(file ?? "", link ?? "");
    await mkdir(directory ?? "");
    const found = [file, link, directory].map((path) => quickStatFile(path ?? "", "k")?.sizeBytes);
    expect(found).toEqual([1, undefined, undefined]);
  });

  it("sees bytes rewritten in place whose time of writing was set back", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-look-"));
    const path = join(folder.path, "file");
    const time = new Date("2026-01-02T03:04:05.678Z");
    await writeFile(path, "one");
    await utimes(path, time, time);
    const before = quickStatFile(path, "k");
    await writeFile(path, "two");
    await utimes(path, time, time);
    const after = quickStatFile(path, "k");
    expect(before && after && before.version.slice(0, 4)).toEqual(after?.version.slice(0, 4));
    expect(before && after && isSameVersion(before, after)).toBe(false);
  });
});

describe("infoOf", () => {
  const STATS = { dev: 1, ino: 2, size: 3, mtimeMs: 1000, ctimeMs: 1000.5 };

  it("tells versions apart by every part", () => {
    for (const part of ["dev", "ino", "size", "mtimeMs", "ctimeMs"] as const) {
      const other = infoOf({ ...STATS, [part]: 99 });
      expect([part, isSameVersion(infoOf(STATS), other)]).toEqual([part, false]);
    }
    expect(isSameVersion(infoOf(STATS), infoOf({ ...STATS }))).toBe(true);
  });

  it("waits longer where times may be kept in whole seconds", () => {
    const fine = infoOf(STATS).settlesAfterMs;
    expect(infoOf({ ...STATS, ctimeMs: 2000 }).settlesAfterMs).toBeGreaterThanOrEqual(2_000);
    expect(fine).toBeGreaterThanOrEqual(50);
    expect(fine).toBeLessThan(1_000);
  });
});
