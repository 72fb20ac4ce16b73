import { describe, expect, it } from "vitest";
import type { ChunkedFile } from "../../../src/chunks/delta/chunked-files.ts";
import { LikeFiles } from "../../../src/chunks/delta/like-files.ts";

function found(name: string, ...names: readonly string[]): string | undefined {
  const files = names.map((one): ChunkedFile => {
    return { name: one, firstChunk: 0, chunkCount: 1, sizeBytes: 1 };
  });
  return new LikeFiles(files).find(name)?.name;
}

describe("the file that one was made from", () => {
  it.each([
    ["the same name", "usr/bin/tool", "usr/bin/tool"],
    ["another version in its name", "usr/lib/libfoo.so.1.2.4", "usr/lib/libfoo.so.1.2.3"],
    ["more numbers in its version", "usr/lib/libfoo.so.2", "usr/lib/libfoo.so.1.2.3"],
    ["another version in a folder", "usr/lib/python3.12/os.py", "usr/lib/python3.11/os.py"],
    ["another content hash", "www/assets/index.Di8au7q4.js", "www/assets/index.ER9afepi.js"],
    ["another place", "opt/new/lib/tool/main.js", "srv/old/lib/tool/main.js"],
    ["its own name alone", "opt/tool", "usr/bin/tool"],
  ])("has %s", (_, name, like) => {
    expect(found(name, "a/b/other", like, "z/y/another")).toBe(like);
  });

  it.each([
    ["the same name", ["lib/a-1/x.js", "lib/a-2/x.js"], "lib/a-1/x.js"],
    ["the same path but for numbers", ["lib/a-1/x.js", "b/x.js"], "lib/a-2/x.js"],
    ["more of the same path", ["app/lib/a/x.js", "other/x.js"], "old/lib/a/x.js"],
  ])("is rather one with %s", (_, [name = "", less = ""], more) => {
    expect(found(name, less, more)).toBe(more);
    expect(found(name, more, less)).toBe(more);
  });

  it("is none where nothing is alike", () => {
    expect(found("usr/bin/tool", "usr/bin/other", "usr/tool/bin", "")).toBeUndefined();
    expect(found("")).toBeUndefined();
  });

  it("is the one without a name for what has none", () => {
    expect(found("", "usr/bin/tool", "")).toBe("");
  });
});
