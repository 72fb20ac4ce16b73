import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { chunk } from "../chunks/delta/made-versions.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { runProgram } from "../fixtures/program.ts";
import { say } from "./configured-store.ts";
import { documentOf, LAYER, type LayerFolder, layerFolder, layoutOf } from "./layer-files.ts";

/** Of a stream of stored blocks nothing has to be foreseen: it is exact whoever wrote it. */
const EXACT = gzipSync(LAYER, { level: 0 });
const NOISE = gzipSync(LAYER, { level: 7, memLevel: 2 });
/** No recipe knows what the zstd program writes. */
const UNKNOWN = zstdCompressSync(LAYER);

/** Of the plain layer, however it is compressed. */
const CHUNKS = chunk(LAYER).ids.length;

/** What stands in the document in place of what is not known. */
const NOTHING_FOUND = {
  images: [],
  mediaType: null,
  tarBytes: null,
  encoder: null,
  level: null,
  framing: null,
  verified: null,
  corrections: null,
  recipeBytes: null,
  exact: false,
} as const;

describe("barge layer inspect", () => {
  it("prints one document of the promised shape with --format json", async () => {
    await using folder = await layerFolder();
    const files = await filesOf(folder, { "a.tar.gz": EXACT, "b.zst": UNKNOWN, "c.tar": LAYER });
    const said = await say(["layer", "inspect", ...files, "--format", "json"]);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    const [exact, unknown, plain] = documentOf(said);
    expect(exact).toEqual({
      file: files[0],
      images: [],
      mediaType: null,
      digest: digestOf(EXACT),
      gzipBytes: EXACT.length,
      tarBytes: LAYER.length,
      format: "gzip",
      encoder: expect.any(String) as string,
      level: expect.any(String) as string,
      framing: "one member",
      verified: true,
      corrections: expect.any(Number) as number,
      recipeBytes: expect.any(Number) as number,
      exact: true,
      reason: null,
      reasonKind: null,
      travels: "well",
      advice: expect.stringMatching(/^Travels/) as string,
      chunks: CHUNKS,
    });
    expect(unknown).toEqual({
      ...NOTHING_FOUND,
      file: files[1],
      digest: digestOf(UNKNOWN),
      gzipBytes: UNKNOWN.length,
      format: "zstd",
      reason: expect.stringContaining("encoder") as string,
      reasonKind: "unknown-encoder",
      travels: "whole",
      advice: expect.stringMatching(/^Moves whole each time/) as string,
      chunks: chunk(UNKNOWN).ids.length,
    });
    expect(plain).toEqual({
      ...NOTHING_FOUND,
      file: files[2],
      digest: digestOf(LAYER),
      gzipBytes: LAYER.length,
      tarBytes: LAYER.length,
      format: "tar",
      reason: "it is not compressed",
      reasonKind: "not-compressed",
      travels: "well",
      advice: expect.stringMatching(/^Travels well/) as string,
      chunks: CHUNKS,
    });
  });

  it("prints a table, and advice once for all layers that it is for", async () => {
    await using folder = await layerFolder();
    const files = await filesOf(folder, { a: EXACT, b: LAYER, c: LAYER, d: UNKNOWN });
    const { stdout, code } = await say(["layer", "inspect", ...files]);
    expect(code).toBe(0);
    const [table = "", advice = ""] = stdout.split("\n\n");
    expect(table).toMatch(/^LAYER +SIZE +TAR +ENCODER +LEVEL +FRAMING +EXACT +RECIPE\n/);
    expect(table).toMatch(/\/a +204\.8 kB +204\.8 kB .* one member +yes +\d+ B\n/);
    expect(table).toMatch(/\/b +204\.8 kB +204\.8 kB +none +as it is\n/);
    expect(table).toMatch(/\/d +\d+\.\d kB +no$/);
    expect(advice.split("\n").map((line) => line.replace(/\S*\//g, ""))).toEqual([
      expect.stringMatching(/^a: Travels/),
      expect.stringMatching(/^b, c: Travels well: it is not compressed/),
      expect.stringMatching(/^d: Moves whole each time, because .*: compress it again/),
      "",
    ]);
  });

  it("tells by its corrections an encoder that is known only nearly", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", NOISE);
    const args = ["layer", "inspect", file];
    const [document] = documentOf(await say([...args, "--format=json"]));
    expect(document).toMatchObject({ exact: true, travels: "nearly" });
    expect(document?.["corrections"]).toBeGreaterThan(100);
    const { stdout } = await say(args);
    expect(stdout).toMatch(/ like \S/);
    expect(stdout).toMatch(/Travels, but .* known only nearly, and each version costs \d+\.\d+ %/);
  });

  it.each([
    ["a wrong checksum", EXACT.with(-6, (EXACT.at(-6) ?? 0) ^ 1), "a member's checksum is wrong"],
    [
      "junk at its end",
      Buffer.concat([EXACT, LAYER.subarray(0, 9)]),
      "what follows its last member",
    ],
  ])("says not to ship a layer with %s, which it can rebuild", async (_, bytes, reason) => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", bytes);
    const args = ["layer", "inspect", "--require-exact", file];
    const { code, stdout } = await say(args);
    expect(code).toBe(5);
    expect(stdout).toContain(`Do not ship it: ${reason}`);
    expect(stdout).toMatch(/ damaged +\d+ B\n/);
    expect(documentOf(await say([...args, "--format=json"]))).toMatchObject([
      {
        exact: false,
        verified: true,
        reasonKind: "broken",
        reason: expect.stringContaining(reason) as string,
        travels: "not at all",
      },
    ]);
  });

  it("says what layers are that no image should have", async () => {
    await using folder = await layerFolder();
    const { path } = await layoutOf(folder, [
      { bytes: EXACT, mediaType: "application/vnd.oci.image.layer.v1.tar" },
      { bytes: NOISE, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted" },
      { bytes: LAYER.subarray(1), mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" },
      { bytes: Buffer.from("\n"), mediaType: "application/octet-stream" },
    ]);
    const args = ["layer", "inspect", "--require-exact", "--format=json", path];
    const said = await say(args);
    expect(said.code).toBe(5);
    expect(documentOf(said).map((one) => [one["reasonKind"], one["travels"]])).toEqual([
      ["other-media-type", "not at all"],
      ["encrypted", "whole"],
      ["other-media-type", "not at all"],
      ["not-a-layer", "whole"],
    ]);
  });

  it("inspects what it can when a file is not there", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    const gone = join(folder.path, "g\u001bone");
    const empty = await folder.put("empty", "");
    const said = await say(["layer", "inspect", "--format=json", gone, file, empty]);
    expect(said.code).toBe(3);
    expect(documentOf(said)).toMatchObject([{ file, travels: "well" }]);
    expect(said.stderr).toBe(
      `barge: ${gone.replace("\u001b", "?")}: there is no such file or folder\n` +
        `barge: ${empty}: it is empty\n`,
    );
  });

  it("reads each layer once with --no-verify, and says that nothing was proved", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", EXACT);
    const args = ["layer", "inspect", "--no-verify", "--format", "json", file];
    expect(documentOf(await say(args))).toMatchObject([{ exact: true, verified: false }]);
  });

  it("inspects many files by few threads and keeps their order", async () => {
    await using folder = await layerFolder();
    const layers = Array.from({ length: 5 }, (_, seed) => {
      return plainLayer({ seed, sizeBytes: 30_000 });
    });
    const files = await filesOf(folder, Object.fromEntries(layers.map((one, at) => [at, one])));
    for (const threads of ["1", "3"]) {
      const args = ["layer", "inspect", "--format", "json", "--threads", threads, ...files];
      const found = documentOf(await say(args));
      expect(found.map(({ digest }) => digest)).toEqual(layers.map((one) => digestOf(one)));
    }
  });

  it("names layers of images by digest, and by their image when there are several", async () => {
    await using folder = await layerFolder();
    const { path, digests } = await layoutOf(folder, [EXACT, LAYER]);
    const archive = join(folder.path, "image.tar");
    await runProgram({ command: ["tar", "-C", path, "-cf", archive, "."] });
    const short = digests.map((digest) => digest.slice(0, 19));
    const one = await say(["layer", "inspect", path]);
    expect(firstColumn(one.stdout)).toEqual(short);
    expect(one.stdout).toContain("is not compressed here");
    const both = await say(["layer", "inspect", path, archive, "--format", "json"]);
    expect(documentOf(both).map(({ file }) => file)).toEqual([path, path, archive, archive]);
    expect(documentOf(both).map(({ digest }) => digest)).toEqual([...digests, ...digests]);
    const table = await say(["layer", "inspect", path, archive]);
    expect(table.stdout).toContain(`layout ${short[0]} `);
    expect(table.stdout).toContain(`image.tar ${short[0]} `);
  });

  it("cuts long paths at the front, unless two would look alike", async () => {
    await using folder = await layerFolder();
    const name = "long".repeat(20);
    const [first = "", second = ""] = await filesOf(folder, { [`1${name}`]: LAYER, [name]: LAYER });
    const one = await say(["layer", "inspect", first]);
    expect(firstColumn(one.stdout)).toEqual([`…${name.slice(-47)}`]);
    const both = await say(["layer", "inspect", first, second]);
    expect(firstColumn(both.stdout)).toEqual([first, second]);
    expect(both.stdout).toContain("\nboth layers: Travels well: ");
  });

  it("lets no name steer a terminal", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("a\u001b[2J\u202eb\n", LAYER);
    const table = await say(["layer", "inspect", file]);
    expect(table.stdout).not.toMatch(/[[\p{Cc}\p{Cf}]--[\n]]/v);
    expect(table.stdout.match(/\n/g)).toHaveLength(4);
    const json = await say(["layer", "inspect", "--format=json", file]);
    expect(json.stdout).not.toMatch(/[[\p{Cc}\p{Cf}]--[\n]]/v);
    expect(documentOf(json)).toMatchObject([{ file }]);
  });

  it("says of an archive of images that was compressed as a whole what to do", async () => {
    await using folder = await layerFolder();
    const { path } = await layoutOf(folder, [EXACT]);
    const archive = join(folder.path, "image.tgz");
    await runProgram({
      command: ["tar", "-C", path, "-czf", archive, "."],
    });
    const { code, stdout } = await say(["layer", "inspect", "--require-exact", archive]);
    expect(code).toBe(5);
    expect(stdout).toContain("archive of images that was compressed as a whole");
  });

  it("tells a layer whose bytes are not those that the image names", async () => {
    await using folder = await layerFolder();
    const { path, digests } = await layoutOf(folder, [EXACT, LAYER]);
    const blob = join(path, "blobs", ...(digests[0] ?? "").split(":"));
    await truncate(blob, 1000);
    const args = ["layer", "inspect", "--require-exact", path];
    const { code, stdout } = await say(args);
    expect(code).toBe(5);
    expect(stdout).toMatch(/damaged/);
    expect(stdout).toContain("Do not ship it: its bytes are not those that the image names");
    expect(documentOf(await say([...args, "--format", "json"]))[0]).toMatchObject({
      exact: false,
      reasonKind: "wrong-digest",
      reason: `its bytes are not those of ${digests[0]}`,
    });
  });

  it("says that an image has no layers, and prints no table", async () => {
    await using folder = await layerFolder();
    const { path } = await layoutOf(folder, []);
    const said = await say(["layer", "inspect", path]);
    expect(said).toEqual({
      code: 0,
      stdout: "",
      stderr: `barge: ${path}: an image without layers\n`,
    });
    const args = ["layer", "inspect", path, "--format", "json"];
    expect(documentOf(await say(args))).toEqual([]);
    expect(await say([...args, "--require-exact"])).toMatchObject({ code: 5, stdout: "[]\n" });
  });
});

function firstColumn(stdout: string): readonly string[] {
  const [table = ""] = stdout.split("\n\n");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.split("  ")[0] ?? "");
}

async function filesOf(
  folder: LayerFolder,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<readonly string[]> {
  return await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => await folder.put(name, bytes)),
  );
}
