/** Layers that others are compared with: their chunks, kept in a folder. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChunkId } from "../chunks/chunk-id.ts";
import type { TakeChunk } from "../chunks/plain/plain-chunker.ts";
import {
  type BlobRecipe,
  decodeBlobRecipe,
  encodeBlobRecipe,
} from "../chunks/recipe/blob-recipe.ts";
import type { ChunkList } from "../chunks/recipe/chunk-list.ts";
import { LayoutError } from "../layouts/stored-layer.ts";
import { type Analysis, type AnalysisOptions, analyseLayer } from "./layer-analysis.ts";
import type { OpenLayer } from "./layer-bytes.ts";
import type { HeldBase } from "./layer-report.ts";
import { asNoRoom } from "./layer-room.ts";

/** How the layer is made. */
const RECIPE = "recipe";
/** All chunks in order, one after the other. */
const CHUNKS = "chunks";

/**
 * Keeps a layer's chunks in the folder of `base`.
 *
 * @throws {LayoutError} when it is no layer, or there is no room for it.
 */
export async function holdBase(
  layer: OpenLayer,
  { folder }: HeldBase,
  options: Omit<AnalysisOptions, "takeChunks">,
): Promise<void> {
  try {
    using file = new ChunkFile(join(folder, CHUNKS));
    const takeChunks = (): TakeChunk => file.begin();
    const recipe = recipeOf(await analyseLayer(layer, { ...options, takeChunks }), layer);
    await writeFile(join(folder, RECIPE), encodeBlobRecipe(recipe), { mode: 0o600 });
  } catch (error) {
    throw asNoRoom(error, `the files of ${layer.name}`);
  }
}

/** @throws {LayoutError} when it is no layer. */
function recipeOf(analysis: Analysis, { name, range }: OpenLayer): BlobRecipe {
  const { digest, chunked } = analysis;
  const flaw = flawOf(analysis);
  if (flaw !== undefined) throw new LayoutError(`${name}: ${flaw}`);
  if (chunked === undefined)
    throw new LayoutError(`${name}: it has too many files to compare with`);
  return { digest, blobBytes: range.sizeBytes, stream: undefined, ...chunked };
}

/** Why it is no layer that others could be compared with. */
function flawOf({ bytesKind, beginsAsImages, outcome }: Analysis): string | undefined {
  if (bytesKind !== "tar" && bytesKind !== "gzip" && bytesKind !== "zstd") {
    return "it is no layer: neither a tar nor compressed with gzip or zstd";
  }
  if (beginsAsImages)
    return "it is an archive of images that was compressed as a whole: decompress it first";
  const isBroken = outcome.kind === "raw" && outcome.reason.kind === "broken";
  return isBroken ? outcome.reason.text : undefined;
}

class ChunkFile implements Disposable {
  readonly #fd: number;
  #at = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "wx", 0o600);
  }

  /** What was written before is written over. */
  begin(): TakeChunk {
    this.#at = 0;
    return (_, chunk) => {
      for (let written = 0; written < chunk.length;) {
        const size = writeSync(this.#fd, chunk, written, chunk.length - written, this.#at);
        written += size;
        this.#at += size;
      }
    };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** A base that {@link holdBase} kept, opened to read its chunks. Dispose it to close its file. */
export class OpenBase implements Disposable {
  readonly recipe: BlobRecipe;
  readonly #places: ReadonlyMap<ChunkId, ChunkPlace>;
  readonly #fd: number;

  private constructor(recipe: BlobRecipe, fd: number) {
    this.recipe = recipe;
    this.#places = placesOf(recipe.chunks);
    this.#fd = fd;
  }

  static async open({ folder }: HeldBase): Promise<OpenBase> {
    const recipe = decodeBlobRecipe(await readFile(join(folder, RECIPE)));
    return new OpenBase(recipe, openSync(join(folder, CHUNKS), "r"));
  }

  has(id: ChunkId): boolean {
    return this.#places.has(id);
  }

  /** Plain bytes of a list in chunks that the base has as well. */
  sharedBytes(chunks: ChunkList): number {
    let shared = 0;
    for (const { id, sizeBytes } of chunks) if (this.has(id)) shared += sizeBytes;
    return shared;
  }

  /** @returns those chunks, one after the other; nothing of what the base does not have */
  read(ids: readonly ChunkId[]): Uint8Array {
    const places = ids.flatMap((id) => this.#places.get(id) ?? []);
    const bytes = new Uint8Array(places.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    let end = 0;
    for (const { at, sizeBytes } of places) {
      for (const start = end; end < start + sizeBytes;) {
        const left = start + sizeBytes - end;
        const read = readSync(this.#fd, bytes, end, left, at + end - start);
        if (read === 0) throw new LayoutError("a temporary file became shorter");
        end += read;
      }
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

interface ChunkPlace {
  readonly at: number;
  readonly sizeBytes: number;
}

function placesOf(chunks: ChunkList): ReadonlyMap<ChunkId, ChunkPlace> {
  const places = new Map<ChunkId, ChunkPlace>();
  let at = 0;
  for (const { id, sizeBytes } of chunks) {
    places.set(id, { at, sizeBytes });
    at += sizeBytes;
  }
  return places;
}
