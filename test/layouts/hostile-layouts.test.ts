/** Images on disk that were made to lead astray, or to have no end. */
import { createHash } from "node:crypto";
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findLayers } from "../../src/layouts/find-layers.ts";
import { OCI_INDEX } from "../../src/oci/media-type.ts";
import { runProgram } from "../fixtures/program.ts";

it("findLayers on a folder does not follow links out of it", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "barge-layouts-"));
  const images = join(place.path, "images");
  await mkdir(images);
  await writeFile(join(place.path, "secret"), "not a layer");
  await symlink("../secret", join(images, "layer"));
  await symlink("there", join(images, "near"));
  await writeFile(join(images, "there"), "a layer");
  const list = join(images, "manifest.json");
  await writeFile(list, JSON.stringify([{ Layers: ["layer"] }]));
  await expect(findLayers(images)).rejects.toThrow(
    '"layer" is a link that leads out of the folder',
  );
  await writeFile(list, JSON.stringify([{ Layers: ["near"] }]));
  expect(await findLayers(images)).toHaveLength(1);
});

it("findLayers takes the names of an archive as text", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "barge-layouts-"));
  await writeFile(join(place.path, "schön.tar"), "a layer");
  const images = [{ Config: "1.json", Layers: ["schön.tar"] }];
  await writeFile(join(place.path, "manifest.json"), JSON.stringify(images));
  const archive = join(place.path, "saved.tar");
  const names = ["schön.tar", "manifest.json"];
  await runProgram({ command: ["tar", "-C", place.path, "-cf", archive, ...names] });
  expect(await findLayers(archive)).toMatchObject([{ isWhole: false }]);
});

it("findLayers takes a tar with more names than any image has for a layer", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "barge-layouts-"));
  const images = [{ Config: "1.json", Layers: [] }];
  await writeFile(join(place.path, "manifest.json"), JSON.stringify(images));
  const archive = join(place.path, "names.tar");
  await runProgram({ command: ["tar", "-C", place.path, "-cf", archive, "manifest.json"] });
  const image = (await readFile(archive)).subarray(0, 1024);
  const name = (await tarOfLongName(place.path, 1000 * 1000)).subarray(0, -1024);
  const end = Buffer.alloc(1024);
  await writeFile(archive, Buffer.concat([image, ...Array<Buffer>(3).fill(name), end]));
  expect(await findLayers(archive)).toEqual([]);
  await writeFile(archive, Buffer.concat([image, ...Array<Buffer>(20).fill(name), end]));
  expect(await findLayers(archive)).toMatchObject([{ isWhole: true }]);
});

it("findLayers ends where indexes lead to one another over and over", async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), "barge-layouts-"));
  const blobs = join(place.path, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const indexOf = (manifests: readonly object[]): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  let children: readonly object[] = [];
  for (let level = 0; level < 4; level++) {
    const text = indexOf(children);
    const hex = createHash("sha256").update(text).digest("hex");
    await writeFile(join(blobs, hex), text);
    const one = { mediaType: OCI_INDEX, digest: `sha256:${hex}`, size: text.length };
    children = Array<object>(200).fill(one);
  }
  await writeFile(join(place.path, "index.json"), indexOf(children));
  await expect(findLayers(place.path)).rejects.toThrow("too many images here");
});

/** A tar of one empty file, which has its name in an extended header of GNU tar's. */
async function tarOfLongName(directory: string, characters: number): Promise<Buffer> {
  const header = Buffer.alloc(512);
  header.write("././@LongLink");
  header.write("0000644", 100);
  header.write("0000000", 108);
  header.write("0000000", 116);
  header.write((characters + 1).toString(8).padStart(11, "0"), 124);
  header.write("00000000000", 136);
  header.write("L", 156);
  header.write("ustar  ", 257);
  const empty = join(directory, "empty");
  await writeFile(empty, "");
  const tar = `${empty}.tar`;
  await runProgram({ command: ["tar", "-C", directory, "-cf", tar, "empty"] });
  const body = Buffer.alloc(Math.ceil((characters + 1) / 512) * 512);
  body.fill("n", 0, characters);
  return Buffer.concat([withChecksum(header), body, (await readFile(tar)).subarray(0, 1536)]);
}

function withChecksum(header: Buffer): Buffer {
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
