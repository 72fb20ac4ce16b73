import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { holdBase } from "../../src/app/layer-base.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { EngineMemory } from "../../src/recompress/engine-memory.ts";
import { chunk, noise, revised, tarOf } from "../chunks/delta/made-versions.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { runProgram } from "../fixtures/program.ts";
import { say } from "./configured-store.ts";
import { documentOf, inspectWith, LAYER, layerFolder, layoutOf, pipeOf } from "./layer-files.ts";

const LAUNCHER = fileURLToPath(new URL("../../deploy/barge", import.meta.url));
const INSPECT = ["layer", "inspect", "--no-verify"] as const;

const KEPT = noise(60_000, 1);
const CHANGED = noise(100_000, 2);
const NEW_BYTES = 20_000;
const OLD_TAR = tarOf({ "usr/kept": KEPT, "usr/lib/changed.so.1.2": CHANGED, "usr/gone": "few" });
const NEW_TAR = tarOf({
  "opt/moved": KEPT,
  "usr/lib/changed.so.1.3": revised(CHANGED),
  "usr/new": noise(NEW_BYTES, 3),
});
/** Of a stream of stored blocks nothing has to be foreseen: it is exact whoever wrote it. */
const OLD = gzipSync(OLD_TAR, { level: 0 });
const NEW = gzipSync(NEW_TAR, { level: 0 });

interface Base {
  readonly file: string;
  readonly digest: string;
  readonly sharedBytes: number;
  readonly deltaBytes: number;
}

/** @returns what is said of a layer beside a base */
async function compared(base: Uint8Array, layer: Uint8Array): Promise<Base> {
  await using folder = await layerFolder();
  const file = await folder.put("layer", layer);
  const baseFile = await folder.put("base", base);
  const said = await say([...INSPECT, "--format=json", "--base", baseFile, file]);
  expect(said).toMatchObject({ code: 0, stderr: "" });
  const [document] = documentOf(said);
  expect(document?.["base"]).toMatchObject({ file: baseFile, digest: digestOf(base) });
  return document?.["base"] as Base;
}

/** How many bytes of a tar are in chunks that another one has as well. */
function sharedBytes(from: Uint8Array, tar: Uint8Array): number {
  const { bytes } = chunk(from);
  const { chunked } = chunk(tar);
  const shared = [...chunked.chunks].filter(({ id }) => bytes.has(id));
  return shared.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

describe("barge layer inspect --base", () => {
  it("tells what is shared, and what would have to travel", async () => {
    const found = await compared(OLD, NEW);
    expect(found.sharedBytes).toBe(sharedBytes(OLD_TAR, NEW_TAR));
    expect(found.sharedBytes).toBe(KEPT.length);
    // The new file is noise, and travels whole; of the changed one some bytes in each 10,000 do.
    expect(found.deltaBytes).toBeGreaterThan(NEW_BYTES);
    expect(found.deltaBytes).toBeLessThan(NEW_BYTES + 1500);
  });

  it.each([
    ["the base is a tar", OLD_TAR, NEW],
    ["the layer is a tar", OLD, NEW_TAR],
    ["both are", OLD_TAR, NEW_TAR],
  ])("tells it however they are compressed: %s", async (_, base, layer) => {
    const found = await compared(base, layer);
    expect(found.sharedBytes).toBe(KEPT.length);
    expect(found.deltaBytes).toBeGreaterThan(NEW_BYTES);
    expect(found.deltaBytes).toBeLessThan(NEW_BYTES + 1500);
  });

  it("counts nothing for the same layer, and little for another compression of it", async () => {
    expect(await compared(OLD, OLD)).toMatchObject({ deltaBytes: 0 });
    const { sharedBytes: shared, deltaBytes } = await compared(OLD_TAR, OLD);
    expect(shared).toBe(KEPT.length + CHANGED.length + 3);
    expect(deltaBytes).toBeGreaterThan(50);
    expect(deltaBytes).toBeLessThan(1000);
    const small = gzipSync(LAYER, { level: 9 });
    expect((await compared(LAYER, small)).deltaBytes).toBeLessThan(small.length / 5);
  });

  it("counts all of a layer that has nothing of the base", async () => {
    const layer = tarOf({ other: noise(100_000, 7) });
    const { sharedBytes: shared, deltaBytes } = await compared(OLD, layer);
    expect(shared).toBe(0);
    expect(deltaBytes).toBeGreaterThan(100_000);
    expect(deltaBytes).toBeLessThan(101_000);
  });

  it("compares what has no recipe as the bytes that it is", async () => {
    const tar = plainLayer({ seed: 40, sizeBytes: 1_500_000 });
    // No recipe knows what the zstd program writes.
    const params = { [constants.ZSTD_c_compressionLevel]: 9 };
    const base = zstdCompressSync(tar, { params });
    const layer = Buffer.from(base);
    layer[layer.length - 1000] = (layer.at(-1000) ?? 0) ^ 1;
    const { sharedBytes: shared, deltaBytes } = await compared(base, layer);
    expect(shared).toBe(sharedBytes(base, layer));
    expect(shared).toBeGreaterThan(base.length / 3);
    expect(deltaBytes).toBeLessThan(2000);
    // Its plain bytes are all there, but nothing can make the layer of them.
    expect(await compared(tar, base)).toMatchObject({ sharedBytes: 0 });
  });

  it("takes for each layer the one of a base's layers that it shares most with", async () => {
    await using folder = await layerFolder();
    const { path, digests } = await layoutOf(folder, [LAYER, OLD]);
    const files = [
      await folder.put("a", NEW),
      await folder.put("b", LAYER),
      await folder.put("c", tarOf({ other: "text" })),
    ];
    for (const threads of ["1", "3"]) {
      const args = ["--threads", threads, "--format=json", "--base", path];
      const found = documentOf(await say([...INSPECT, ...args, ...files]));
      expect(found.map(({ base }) => base)).toMatchObject([
        { file: path, digest: digests[1], sharedBytes: KEPT.length },
        { file: path, digest: digests[0], deltaBytes: 0 },
        { file: path, sharedBytes: 0 },
      ]);
    }
    const { stdout } = await say([...INSPECT, "--base", path, ...files.slice(0, 2)]);
    expect(stdout).toContain(` with ${path} ${digests[1]?.slice(0, 19)}; a delta is `);
  });

  it("says it in a line of its own", async () => {
    await using folder = await layerFolder();
    const base = await folder.put("base\u001b", OLD);
    const file = await folder.put("layer", NEW);
    const { stdout, code } = await say([...INSPECT, "--base", base, file]);
    expect(code).toBe(0);
    expect(stdout.replaceAll(`${folder.path}/`, "").split("\n\n")[1]).toMatch(
      /^layer: shares 33\.3 % with base.; a delta is 2\d\.\d kB \(1[12]\.\d % of the layer\)$/,
    );
  });

  it("says nothing of a base where none is named", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", NEW);
    const [document] = documentOf(await say([...INSPECT, "--format=json", file]));
    expect(document).not.toHaveProperty("base");
    expect(document).toMatchObject({ chunks: chunk(NEW_TAR).ids.length });
    expect((await say([...INSPECT, file])).stdout).not.toContain("shares");
  });

  it("compares what a pipe brings", async () => {
    await using folder = await layerFolder();
    const base = await folder.put("base", OLD);
    const args = { files: ["-"], base, verify: false, format: "json" } as const;
    const said = await inspectWith(args, { stdin: pipeOf(NEW) });
    expect(documentOf(said)).toMatchObject([{ base: { sharedBytes: KEPT.length } }]);
  });

  it("leaves nothing behind", async () => {
    await using folder = await layerFolder();
    const files = [await folder.put("base", OLD), await folder.put("layer", NEW)] as const;
    await using room = await layerFolder();
    await runProgram({
      command: [LAUNCHER, ...INSPECT, "--base", ...files],
      env: { PATH: "/usr/bin:/bin", TMPDIR: room.path, BARGE_NODE: execPath },
    });
    expect(await readdir(room.path)).toEqual([]);
  });
});

describe("barge layer inspect --base of what is no base", () => {
  it("exits 3 when it is not there", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    const base = join(folder.path, "gone");
    expect(await say([...INSPECT, "--base", base, file])).toEqual({
      code: 3,
      stdout: "",
      stderr: `barge: ${base}: there is no such file or folder\n`,
    });
  });

  it.each([
    ["a text", "no layer\n".repeat(200), "it is no layer: neither a tar nor"],
    ["nothing", "", "it is empty"],
    ["a layer that ends early", OLD.subarray(0, 50_000), "the stream ends early"],
    [
      "a compressed archive of images",
      gzipSync(tarOf({ "oci-layout": "{}" }), { level: 0 }),
      "it is an archive of images that was compressed as a whole",
    ],
  ])("exits 1 when it is %s", async (_, bytes, text) => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    const base = await folder.put("base", bytes);
    const said = await say([...INSPECT, "--base", base, file]);
    expect(said).toMatchObject({ code: 1, stdout: "" });
    expect(said.stderr).toContain(`barge: ${base}: ${text}`);
  });

  it("exits 1 when it is an image without layers", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    const { path } = await layoutOf(folder, []);
    const said = await say([...INSPECT, "--base", path, file]);
    expect(said).toMatchObject({ code: 1, stderr: `barge: ${path}: an image without layers\n` });
  });

  it("exits 2 when it is standard input", async () => {
    const { code, stderr } = await say([...INSPECT, "--base", "-", "layer"]);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toContain("--base is a file or a folder, not standard input");
  });
});

it("holdBase() keeps what nobody else can read", async () => {
  await using folder = await layerFolder();
  const path = await folder.put("layer", LAYER);
  await using file = await open(path);
  const layer = { file, name: "layer", range: { path, offset: 0, sizeBytes: LAYER.length } };
  const options = {
    algorithm: "sha256",
    memory: new EngineMemory(),
    onRead: () => undefined,
  } as const;
  await holdBase(layer, { file: path, isWhole: true, folder: folder.path }, options);
  for (const name of ["chunks", "recipe"]) {
    expect((await stat(join(folder.path, name))).mode & 0o777).toBe(0o600);
  }
});
