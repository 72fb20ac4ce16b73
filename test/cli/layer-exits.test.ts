import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { say } from "./configured-store.ts";
import { LAYER, layerFolder } from "./layer-files.ts";

/** Of a stream of stored blocks nothing has to be foreseen: it is exact whoever wrote it. */
const EXACT = gzipSync(LAYER, { level: 0 });
/** No recipe knows what the zstd program writes. */
const UNKNOWN = zstdCompressSync(LAYER);

describe("barge layer inspect --require-exact", () => {
  it.each([
    ["an exact layer", EXACT, 0],
    ["a tar", LAYER, 0],
    ["a layer of an unknown encoder", UNKNOWN, 5],
    ["a layer that ends early", EXACT.subarray(0, 100_000), 5],
    ["a line's end", Buffer.from("\n"), 5],
  ])("exits by what %s is", async (_, bytes, code) => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", bytes);
    const args = ["layer", "inspect", "--no-verify", "--require-exact", file];
    expect(await say(args)).toMatchObject({ code });
  });
});

it("barge layer inspect --help tells the exit codes that it has, and no others", async () => {
  const { stdout } = await say(["layer", "inspect", "--help"]);
  expect(stdout.match(/Exit codes/g)).toHaveLength(1);
  const [, codes = ""] = stdout.split("Exit codes: ");
  expect(codes.match(/\b\d+(?= )/g)).toEqual(["0", "1", "2", "3", "5", "130"]);
});

describe("barge layer inspect --max-recipe", () => {
  it.each([
    ["10", 0],
    ["0.01", 5],
  ])("%s exits by what share of its layer the recipe takes", async (percent, code) => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", EXACT);
    const args = ["layer", "inspect", "--no-verify", "--max-recipe", percent, file];
    expect(await say(args)).toMatchObject({ code });
  });

  it.each([["-1"], ["101"], ["much"], [""]])("'%s' exits 2", async (percent) => {
    const { code, stderr } = await say(["layer", "inspect", "--max-recipe", percent, "layer"]);
    expect(code).toBe(2);
    expect(stderr).toContain("a number from 0 to 100");
  });
});

describe("barge layer inspect of what cannot be inspected", () => {
  it("exits 3 for a file that is not there", async () => {
    const { code, stdout, stderr } = await say(["layer", "inspect", "/nowhere/layer.tar"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toBe("barge: /nowhere/layer.tar: there is no such file or folder\n");
  });

  it("exits 1 for a folder without an image", async () => {
    await using folder = await layerFolder();
    const { code, stderr } = await say(["layer", "inspect", folder.path]);
    expect(code).toBe(1);
    expect(stderr).toContain("no image here: neither index.json nor manifest.json");
  });

  it("exits 1 for an empty file and for a file in a circle of links", async () => {
    await using folder = await layerFolder();
    const empty = await folder.put("empty", "");
    expect(await say(["layer", "inspect", empty])).toMatchObject({
      code: 1,
      stderr: `barge: ${empty}: it is empty\n`,
    });
    const circle = join(folder.path, "circle");
    await symlink("circle", circle);
    expect(await say(["layer", "inspect", circle])).toMatchObject({ code: 1 });
  });

  it.each([["0"], ["65"], ["2.5"], ["many"]])("exits 2 for --threads %s", async (threads) => {
    const { code, stderr } = await say(["layer", "inspect", "--threads", threads, "layer"]);
    expect(code).toBe(2);
    expect(stderr).toContain("a whole number from 1 to 64");
  });

  it("exits 2 when no file is named", async () => {
    expect(await say(["layer", "inspect"])).toMatchObject({ code: 2 });
  });
});
