/** Layers on disk for tests of `barge layer inspect`, and the command itself in this process. */
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { type InspectArguments, runInspect, type Surroundings } from "../../src/cli/layer.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import type { Said } from "./configured-store.ts";

/** A made-up layer of 200 kB. */
export const LAYER: Uint8Array = plainLayer({ seed: 31, sizeBytes: 200_000 });

export interface LayerFolder extends AsyncDisposable {
  readonly path: string;
  /** @returns the path of a new file. */
  readonly put: (name: string, bytes: Uint8Array | string) => Promise<string>;
}

export async function layerFolder(): Promise<LayerFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-layers-"));
  return {
    path: folder.path,
    put: async (name, bytes) => {
      const path = join(folder.path, name);
      await writeFile(path, bytes);
      return path;
    },
    [Symbol.asyncDispose]: async () => await folder.remove(),
  };
}

/**
 * Writes an OCI layout of one image.
 *
 * @param layers each with what the image says of it; by default that it is gzip or a tar, as it is
 * @returns its path and the digests of its layers
 */
export async function layoutOf(
  folder: LayerFolder,
  layers: readonly (Uint8Array | { readonly bytes: Uint8Array; readonly mediaType: string })[],
): Promise<{ readonly path: string; readonly digests: readonly string[] }> {
  const path = join(folder.path, "layout");
  await mkdir(join(path, "blobs", "sha256"), { recursive: true });
  const put = async (bytes: Uint8Array, mediaType: string) => {
    const digest = digestOf(bytes);
    await writeFile(join(path, "blobs", ...digest.split(":")), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const type = "application/vnd.oci.image";
  const blobs = await Promise.all(
    layers.map((layer) => {
      if (!(layer instanceof Uint8Array)) return put(layer.bytes, layer.mediaType);
      return put(layer, `${type}.layer.v1.tar${layer[0] === 0x1f ? "+gzip" : ""}`);
    }),
  );
  const config = await put(Buffer.from("{}"), `${type}.config.v1+json`);
  const manifest = {
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config,
    layers: blobs,
  };
  const top = await put(Buffer.from(JSON.stringify(manifest)), manifest.mediaType);
  const index = { schemaVersion: 2, mediaType: `${type}.index.v1+json`, manifests: [top] };
  await writeFile(join(path, "index.json"), JSON.stringify(index));
  await writeFile(join(path, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return { path, digests: blobs.map(({ digest }) => digest) };
}

/** A pipe that brings these bytes. */
export function pipeOf(bytes: Uint8Array): Readable {
  return new PassThrough().end(bytes);
}

/** Runs the command with other surroundings than this process has. */
export async function inspectWith(
  args: Pick<InspectArguments, "files"> & Partial<InspectArguments>,
  surroundings: Partial<Surroundings>,
): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const io = {
    stdout: (text: string) => void (said.stdout += text),
    stderr: (text: string) => void (said.stderr += text),
    environment: {},
  };
  const code = await runInspect(
    {
      base: undefined,
      threads: 2,
      verify: true,
      requireExact: false,
      mostRecipeShare: undefined,
      format: "text",
      ...args,
    },
    io,
    {
      stdin: pipeOf(new Uint8Array(0)),
      isTerminal: false,
      clock: systemClock,
      onInterrupt: () => ({ [Symbol.dispose]: () => undefined }),
      ...surroundings,
    },
  );
  return { code, ...said };
}

/** What `--format json` printed. */
export function documentOf({ stdout }: Said): readonly Readonly<Record<string, unknown>>[] {
  return JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
}
