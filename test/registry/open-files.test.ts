import {
  type FileHandle,
  mkdtempDisposable,
  open,
  rename,
  truncate,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type LentFile, OpenFiles } from "../../src/registry/open-files.ts";

const FOR_EVER = { maxIdle: 10, idleMs: 10 ** 9 } as const;

/** A folder, and a way to borrow its files that counts how often one had to be opened. */
async function openFolder(options: { maxIdle: number; idleMs: number }) {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-open-files-"));
  const files = new OpenFiles(options);
  const handles: FileHandle[] = [];
  const path = (name: string): string => join(folder.path, name);
  return {
    path,
    handles,
    write: (name: string, text: string) => writeFile(path(name), text),
    borrow: (name: string): Promise<LentFile> =>
      files.borrow(path(name), async () => {
        const handle = await open(path(name));
        handles.push(handle);
        return { handle, stats: await handle.stat({ bigint: true }) };
      }),
    async [Symbol.asyncDispose]() {
      for (const handle of handles) await handle.close();
      await folder.remove();
    },
  };
}

const isClosed = ({ fd }: FileHandle): boolean => fd === -1;

async function textOf({ handle }: LentFile): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0);
  return buffer.toString("utf8", 0, bytesRead);
}

describe("borrow()", () => {
  it("opens a file once for all who use it, at once or one after the other", async () => {
    await using folder = await openFolder(FOR_EVER);
    await folder.write("a", "text");
    {
      using first = await folder.borrow("a");
      using second = await folder.borrow("a");
      expect(second.handle).toBe(first.handle);
    }
    using later = await folder.borrow("a");
    expect(await textOf(later)).toBe("text");
    expect(folder.handles).toHaveLength(1);
  });

  it("keeps one of two that were opened at the same time, and closes the other after use", async () => {
    await using folder = await openFolder(FOR_EVER);
    await folder.write("a", "text");
    const both = await Promise.all([folder.borrow("a"), folder.borrow("a")]);
    for (const file of both) expect(await textOf(file)).toBe("text");
    for (const file of both) file[Symbol.dispose]();
    await vi.waitUntil(() => folder.handles.filter(isClosed).length === 1);
  });

  it("opens anew when the path leads to another file, while who has the old one reads on", async () => {
    await using folder = await openFolder(FOR_EVER);
    await folder.write("a", "old!");
    await folder.write("b", "new!");
    const old = await folder.borrow("a");
    await rename(folder.path("b"), folder.path("a"));
    using replaced = await folder.borrow("a");
    expect([await textOf(old), await textOf(replaced)]).toEqual(["old!", "new!"]);
    old[Symbol.dispose]();
    await vi.waitUntil(() => folder.handles.map(isClosed).join() === "true,false");
  });

  it("opens anew when the size has changed", async () => {
    await using folder = await openFolder(FOR_EVER);
    await folder.write("a", "text");
    (await folder.borrow("a"))[Symbol.dispose]();
    await truncate(folder.path("a"), 2);
    using changed = await folder.borrow("a");
    expect(changed.stats.size).toBe(2n);
    await vi.waitUntil(() => folder.handles.map(isClosed).join() === "true,false");
  });

  it("does not lend a file that has been deleted", async () => {
    await using folder = await openFolder(FOR_EVER);
    await folder.write("a", "text");
    (await folder.borrow("a"))[Symbol.dispose]();
    await unlink(folder.path("a"));
    await expect(folder.borrow("a")).rejects.toMatchObject({ code: "ENOENT" });
    await vi.waitUntil(() => folder.handles.every(isClosed));
  });
});

describe("a file that nobody uses", () => {
  it("is closed after a while", async () => {
    await using folder = await openFolder({ maxIdle: 10, idleMs: 1 });
    await folder.write("a", "text");
    (await folder.borrow("a"))[Symbol.dispose]();
    await vi.waitUntil(() => folder.handles.every(isClosed));
  });

  it("is closed when there are too many, the one used longest ago first", async () => {
    await using folder = await openFolder({ maxIdle: 2, idleMs: 10 ** 9 });
    for (const name of ["a", "b", "c"]) await folder.write(name, name);
    using used = await folder.borrow("a");
    for (const name of ["b", "c"]) (await folder.borrow(name))[Symbol.dispose]();
    (await folder.borrow("b"))[Symbol.dispose]();
    expect(folder.handles.some(isClosed)).toBe(false);
    await folder.write("d", "d");
    (await folder.borrow("d"))[Symbol.dispose]();
    await vi.waitUntil(() => folder.handles.map(isClosed).join() === "false,false,true,false");
    expect(await textOf(used)).toBe("a");
  });
});

it("a file that is given back twice counts once", async () => {
  await using folder = await openFolder({ maxIdle: 0, idleMs: 10 ** 9 });
  await folder.write("a", "text");
  const first = await folder.borrow("a");
  using second = await folder.borrow("a");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(await textOf(second)).toBe("text");
});
