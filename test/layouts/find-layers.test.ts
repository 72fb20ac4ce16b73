import { createHash } from "node:crypto";
import {
  copyFile,
  mkdir,
  mkdtempDisposable,
  open,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findLayers } from "../../src/layouts/find-layers.ts";
import type { FileRange } from "../../src/layouts/stored-layer.ts";
import { writeOciLayout, type OciLayout } from "../fixtures/oci-layout.ts";
import { runProgram } from "../fixtures/program.ts";

it("findLayers on an OCI layout names every layer of every platform with its digest", async () => {
  await using place = await layout(["amd64", "arm64"]);
  const found = await findLayers(place.directory);
  expect(found.map(({ digest }) => digest)).toEqual(digestsIn(place.oci));
  await expectDigests(found);
});

it.each([["."], ["oci-layout", "index.json", "blobs"], ["blobs", "index.json", "oci-layout"]])(
  "findLayers on an OCI archive made of %s reads layers in their place",
  async (...names) => {
    await using place = await layout(["amd64"]);
    const archive = join(place.path, "image.tar");
    await runProgram({ command: ["tar", "-C", place.directory, "-cf", archive, ...names] });
    const found = await findLayers(archive);
    expect(found.map(({ digest }) => digest)).toEqual(digestsIn(place.oci));
    expect(new Set(found.map(({ range }) => range.path))).toEqual(new Set([archive]));
    await expectDigests(found);
  },
);

it("findLayers on a docker archive follows links and names a shared layer once", async () => {
  await using place = await folder();
  await mkdir(join(place.path, "a"));
  await mkdir(join(place.path, "b"));
  await writeFile(join(place.path, "a", "layer.tar"), "one");
  await symlink("../a/layer.tar", join(place.path, "b", "layer.tar"));
  const images = [
    { Config: "1.json", RepoTags: ["one:1"], Layers: ["a/layer.tar"] },
    { Config: "2.json", RepoTags: ["two:1", "two:2"], Layers: ["a/layer.tar", "b/layer.tar"] },
  ];
  await writeFile(join(place.path, "manifest.json"), JSON.stringify(images));
  const archive = join(place.path, "saved.tar");
  await runProgram({
    command: ["tar", "-C", place.path, "-cf", archive, "a", "b", "manifest.json"],
  });
  const found = await findLayers(archive);
  const texts = await Promise.all(found.map(async ({ range }) => String(await bytesOf(range))));
  expect(texts).toEqual(["one"]);
  expect(found[0]?.images.map(({ tag }) => tag)).toEqual(["one:1", "two:1", "two:2"]);
});

it("findLayers on a dir: of containers/image reads blobs by their hex digits", async () => {
  await using place = await layout(["amd64"]);
  const { manifest, layers } = place.oci.images[0] ?? { manifest: undefined, layers: [] };
  const flat = join(place.path, "flat");
  await mkdir(flat);
  const blob = (digest = ""): string => join(place.directory, "blobs", ...digest.split(":"));
  await copyFile(blob(manifest?.digest), join(flat, "manifest.json"));
  for (const { digest } of layers) {
    await copyFile(blob(digest), join(flat, digest.replace("sha256:", "")));
  }
  const found = await findLayers(flat);
  expect(found.map(({ digest }) => digest)).toEqual(layers.map(({ digest }) => digest));
});

it("findLayers takes a tar without images, and any other file, as one layer", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "some"), "text");
  await runProgram({
    command: ["tar", "-C", place.path, "-cf", join(place.path, "a.tar"), "some"],
  });
  for (const name of ["some", "a.tar"]) {
    const file = join(place.path, name);
    const { length } = await readFile(file);
    const range = { path: file, offset: 0, sizeBytes: length };
    const said = { digest: undefined, mediaType: undefined, images: [] };
    expect(await findLayers(file)).toEqual([{ file, isWhole: true, ...said, range }]);
  }
});

it("findLayers says what is missing or damaged", async () => {
  await using place = await layout(["amd64"]);
  const [digest = ""] = digestsIn(place.oci);
  await rm(join(place.directory, "blobs", ...digest.split(":")));
  await expect(findLayers(place.directory)).rejects.toThrow(`${digest} is missing`);
  await writeFile(join(place.directory, "index.json"), "{");
  await expect(findLayers(place.directory)).rejects.toThrow("cannot be read");
  await rm(join(place.directory, "index.json"));
  await expect(findLayers(place.directory)).rejects.toThrow("neither index.json nor manifest.json");
});

it.each([
  ["index.json", `{"schemaVersion":2,"manifests":[]}`],
  ["manifest.json", `{"short_name":"shop","icons":[]}`],
  ["manifest.json", `[{"file":"main.js"}]`],
  ["manifest.json", "[]"],
  ["manifest.json", "no JSON"],
])("findLayers takes a tar with a file %s of %s as a layer", async (name, text) => {
  await using place = await folder();
  await writeFile(join(place.path, name), text);
  const archive = join(place.path, "layer.tar");
  await runProgram({ command: ["tar", "-C", place.path, "-cf", archive, name] });
  expect(await findLayers(archive)).toMatchObject([{ isWhole: true, digest: undefined }]);
});

it("findLayers tells of what type, tag and platform an index says that layers are", async () => {
  await using place = await layout(["amd64", "arm64"]);
  const found = await findLayers(place.directory);
  const type = "application/vnd.oci.image.layer.v1.tar+gzip";
  expect(found.map(({ mediaType }) => mediaType)).toEqual([type, type, type, type]);
  expect(found.map(({ images }) => images)).toEqual([
    [{ tag: "1", platform: "linux/amd64" }],
    [{ tag: "1", platform: "linux/amd64" }],
    [{ tag: "1", platform: "linux/arm64" }],
    [{ tag: "1", platform: "linux/arm64" }],
  ]);
});

it("findLayers passes over platforms that were not copied, but not over all of them", async () => {
  await using place = await layout(["amd64", "arm64"]);
  const [first, second] = place.oci.images.map(({ manifest }) => blobIn(place, manifest.digest));
  await rm(first ?? "");
  expect(await findLayers(place.directory)).toHaveLength(2);
  await rm(second ?? "");
  await expect(findLayers(place.directory)).rejects.toThrow(
    `none of the 2 images of an index is here: ${place.oci.images[0]?.manifest.digest} and others`,
  );
  await rm(blobIn(place, place.oci.top.digest));
  await expect(findLayers(place.directory)).rejects.toThrow(`${place.oci.top.digest} is missing`);
});

it("findLayers refuses a manifest whose bytes are not those of its digest", async () => {
  await using place = await layout(["amd64"]);
  const { digest } = place.oci.top;
  const blob = blobIn(place, digest);
  await writeFile(blob, `${await readFile(blob, "utf8")}\n`);
  await expect(findLayers(place.directory)).rejects.toThrow(
    `the manifest ${digest} has other bytes than its digest says`,
  );
});

it("findLayers names a layer once that an image has twice", async () => {
  await using place = await layout(["amd64"]);
  const [image] = place.oci.images;
  const manifest = JSON.parse(
    await readFile(
      join(place.directory, "blobs", ...(image?.manifest.digest ?? "").split(":")),
      "utf8",
    ),
  ) as { layers: unknown[] };
  await using flat = await folder();
  const layers = [...manifest.layers, ...manifest.layers];
  await writeFile(join(flat.path, "manifest.json"), JSON.stringify({ ...manifest, layers }));
  for (const { digest } of image?.layers ?? []) {
    await writeFile(join(flat.path, digest.replace("sha256:", "")), "a layer");
  }
  expect(await findLayers(flat.path)).toHaveLength(2);
});

it("findLayers refuses what is not there, what is empty, and what is no file", async () => {
  await using place = await folder();
  const at = (name: string): string => join(place.path, name);
  await expect(findLayers(at("no"))).rejects.toMatchObject({ kind: "NotFound" });
  await expect(findLayers("oci:no")).rejects.toThrow("without 'oci:'");
  await writeFile(at("empty"), "");
  await expect(findLayers(at("empty"), "-")).rejects.toThrow(/^-: it is empty$/);
  await expect(findLayers("/dev/null")).rejects.toThrow("neither a file nor a folder");
});

it("findLayers refuses an archive that ends early, and takes one without its end blocks", async () => {
  await using place = await layout(["amd64"]);
  const archive = join(place.path, "image.tar");
  await runProgram({ command: ["tar", "-C", place.directory, "-cf", archive, "."] });
  const bytes = await readFile(archive);
  // No odd number of bytes ends where a file does.
  for (const left of [601, 5001, (bytes.length >> 1) | 1]) {
    await writeFile(archive, bytes.subarray(0, left));
    await expect(findLayers(archive, "-")).rejects.toThrow(/^-: the archive ends early/);
  }
  const endless = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  await writeFile(archive, Buffer.concat([endless, Buffer.alloc(-endless.length & 511)]));
  expect(await findLayers(archive)).toHaveLength(2);
});

it("findLayers refuses an archive that is damaged after its first file", async () => {
  await using place = await layout(["amd64"]);
  const archive = join(place.path, "image.tar");
  await runProgram({
    command: ["tar", "-C", place.directory, "-cf", archive, "oci-layout", "blobs"],
  });
  const bytes = await readFile(archive);
  bytes.fill(0x41, 1024, 1536);
  await writeFile(archive, bytes);
  await expect(findLayers(archive)).rejects.toThrow("the archive is damaged after 1 files");
});

it("findLayers names what an archive says in a way that cannot steer a terminal", async () => {
  await using place = await folder();
  await writeFile(
    join(place.path, "manifest.json"),
    JSON.stringify([{ Layers: ["\u001b[2J\u202e\u0007evil"] }]),
  );
  await expect(findLayers(place.path)).rejects.toThrow('"?[2J??evil" is missing');
});

it("findLayers on a folder does not follow names out of it", async () => {
  await using place = await folder();
  const images = join(place.path, "images");
  await mkdir(images);
  await writeFile(join(place.path, "secret"), "not a layer");
  await writeFile(join(images, "manifest.json"), JSON.stringify([{ Layers: ["a/../../secret"] }]));
  await expect(findLayers(images)).rejects.toThrow('"a/../../secret" is missing');
});

async function layout(
  architectures: readonly string[],
): Promise<{ path: string; directory: string; oci: OciLayout } & AsyncDisposable> {
  const place = await folder();
  const directory = join(place.path, "layout");
  const oci = await writeOciLayout(directory, { tag: "1", architectures, layerBytes: 5000 });
  return { path: place.path, directory, oci, [Symbol.asyncDispose]: place[Symbol.asyncDispose] };
}

function blobIn({ directory }: { readonly directory: string }, digest: string): string {
  return join(directory, "blobs", ...digest.split(":"));
}

async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const made = await mkdtempDisposable(join(tmpdir(), "barge-layouts-"));
  return { path: made.path, [Symbol.asyncDispose]: async () => await made.remove() };
}

function digestsIn({ images }: OciLayout): readonly string[] {
  return images.flatMap(({ layers }) => layers.map(({ digest }) => digest));
}

async function expectDigests(
  found: readonly { digest: string | undefined; range: FileRange }[],
): Promise<void> {
  for (const { digest, range } of found) {
    const hash = createHash("sha256").update(await bytesOf(range));
    expect(`sha256:${hash.digest("hex")}`).toBe(digest);
  }
}

async function bytesOf({ path, offset, sizeBytes }: FileRange): Promise<Buffer> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
  return buffer;
}
