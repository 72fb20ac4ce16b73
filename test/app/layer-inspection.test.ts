import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import {
  bytesToRead,
  inspectLayers,
  type InspectionOptions,
} from "../../src/app/layer-inspection.ts";
import type { StoredLayer } from "../../src/layouts/stored-layer.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";

const LAYER = plainLayer({ seed: 5, sizeBytes: 100_000 });
const STREAM = gzipSync(LAYER, { level: 0 });

it("inspectLayers() reads parts of a file, and tells progress for all of them", async () => {
  await using place = await fileOf(Buffer.concat([LAYER, STREAM, LAYER]));
  const layers = [
    layerAt(place.path, LAYER.length, STREAM.length),
    layerAt(place.path, 0, LAYER.length),
  ];
  let progressBytes = 0;
  const reports = await inspectLayers(
    layers,
    options({ onProgress: (by) => (progressBytes += by) }),
  );
  expect(reports.map(({ digest }) => digest)).toEqual([digestOf(STREAM), digestOf(LAYER)]);
  expect(reports.map(({ result }) => result.kind)).toEqual(["exact", "raw"]);
  expect(progressBytes).toBe(2 * (STREAM.length + LAYER.length));
});

it.each([true, false])(
  "inspectLayers() reads as much as bytesToRead() says, tried (%s) and compared",
  async (verify) => {
    const other = plainLayer({ seed: 6, sizeBytes: 300_000 });
    await using place = await fileOf(Buffer.concat([LAYER, STREAM, other]));
    const layers = [
      layerAt(place.path, LAYER.length, STREAM.length),
      layerAt(place.path, 0, LAYER.length),
      layerAt(place.path, LAYER.length + STREAM.length, other.length),
    ];
    const bases = layers.slice(0, 2);
    let progressBytes = 0;
    const onProgress = (by: number): void => void (progressBytes += by);
    await inspectLayers(layers, options({ verify, bases, onProgress }));
    expect(progressBytes).toBe(bytesToRead(layers, { verify, bases }));
    const all = STREAM.length + LAYER.length;
    expect(progressBytes).toBe((verify ? 3 : 2) * (all + other.length) + all);
  },
);

it("inspectLayers() reads no base where there is nothing to compare with it", async () => {
  const bases = [layerAt("/nowhere/layer", 0, 1)];
  expect(await inspectLayers([], options({ bases }))).toEqual([]);
});

it("inspectLayers() ends when its signal says so while it reads a base", async () => {
  await using place = await fileOf(STREAM);
  const layers = [layerAt(place.path, 0, STREAM.length)];
  const stop = new AbortController();
  const reason = new Error("enough");
  const onProgress = (): void => stop.abort(reason);
  const bases = layers;
  const { signal } = stop;
  await expect(inspectLayers(layers, options({ signal, bases, onProgress }))).rejects.toBe(reason);
});

it("inspectLayers() hashes a layer by the algorithm of its digest", async () => {
  await using place = await fileOf(LAYER);
  const digest = digestOf(LAYER, "sha512");
  const layer = { ...layerAt(place.path, 0, LAYER.length), digest };
  expect(await inspectLayers([layer], options())).toMatchObject([{ digest }]);
});

it("inspectLayers() fails as the first layer does that cannot be read, and says which", async () => {
  await using place = await fileOf(LAYER);
  const layers = [
    layerAt(place.path, 0, LAYER.length + 1),
    layerAt(place.path, 0, LAYER.length),
    layerAt(place.path, 0, LAYER.length),
  ];
  await expect(inspectLayers(layers, options())).rejects.toMatchObject({
    kind: "LayoutError",
    message: "the layer: the file became shorter while it was read",
  });
  const gone = layerAt(join(place.path, "gone"), 0, 1);
  await expect(inspectLayers([gone], options())).rejects.toMatchObject({ code: "ENOTDIR" });
});

it("inspectLayers() leaves the other layers alone when one has failed", async () => {
  await using place = await fileOf(STREAM);
  const gone = layerAt(`${place.path}-gone`, 0, 1);
  const others = Array.from({ length: 12 }, () => layerAt(place.path, 0, STREAM.length));
  let progressBytes = 0;
  const onProgress = (bytes: number): void => void (progressBytes += bytes);
  await expect(inspectLayers([gone, ...others], options({ onProgress }))).rejects.toMatchObject({
    code: "ENOENT",
  });
  expect(progressBytes).toBeLessThan(2 * others.length * STREAM.length);
});

it("inspectLayers() ends when its signal says so, before and while it works", async () => {
  await using place = await fileOf(STREAM);
  const layers = [layerAt(place.path, 0, STREAM.length)];
  const stop = new AbortController();
  const reason = new Error("enough");
  const onProgress = (): void => stop.abort(reason);
  const { signal } = stop;
  await expect(inspectLayers(layers, options({ signal, onProgress }))).rejects.toBe(reason);
  await expect(inspectLayers(layers, options({ signal }))).rejects.toBe(reason);
});

it("inspectLayers() says whose fault it is when its thread fails as nobody expected", async () => {
  await using place = await fileOf(LAYER);
  const verify = "a fault" as unknown as boolean;
  const layers = [layerAt(place.path, 0, LAYER.length)];
  await expect(inspectLayers(layers, options({ verify }))).rejects.toMatchObject({
    kind: "Fault",
    message: expect.stringMatching(
      /^the layer: this is a fault of barge: TypeError: .+ at .+; please report it/,
    ) as string,
  });
});

it("inspectLayers() of no layers has nothing to report", async () => {
  expect(await inspectLayers([], options())).toEqual([]);
});

function options(some: Partial<InspectionOptions> = {}): InspectionOptions {
  const { signal } = new AbortController();
  return { threads: 2, verify: true, bases: [], signal, onProgress: () => undefined, ...some };
}

function layerAt(path: string, offset: number, sizeBytes: number): StoredLayer {
  const range = { path, offset, sizeBytes };
  const said = { digest: undefined, mediaType: undefined, images: [] };
  return { file: "the layer", isWhole: true, ...said, range };
}

async function fileOf(bytes: Uint8Array): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-inspection-"));
  const path = join(folder.path, "file");
  await writeFile(path, bytes);
  return { path, [Symbol.asyncDispose]: async () => await folder.remove() };
}
