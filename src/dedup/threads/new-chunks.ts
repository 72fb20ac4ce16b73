import type { ChunkId } from "../../chunks/chunk-id.ts";
import { placesOf } from "../../chunks/delta/chunked-files.ts";
import { DeltaBase } from "../../chunks/delta/delta-base.ts";
import { type DeltaBatch, DeltaBatches } from "../../chunks/delta/delta-batches.ts";
import { DEEPEST } from "../../chunks/packs/frame.ts";
import type { ChunkSource } from "../../chunks/plain/make-plain.ts";
import { type BlobRecipe, decodeBlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import type { PackOutput } from "./pack-output.ts";

/** The chunks that are in packs. */
export interface PackedSource extends ChunkSource {
  /** How deep the frame is that the chunk is read from; `undefined` when no pack has it. */
  depthOf(id: ChunkId): number | undefined;
}

/** Where chunks go, and what they may lean on. */
interface NewChunksOptions {
  readonly packs: PackOutput;
  readonly packed: PackedSource;
}

/** Puts into packs the chunks of a blob that no pack has, leaning on those of a blob that is like it. */
export class NewChunks {
  readonly #options: NewChunksOptions;
  readonly #added = new Set<ChunkId>();
  readonly #places: ReturnType<typeof placesOf>;
  readonly #batches: DeltaBatches | undefined;
  readonly #complete: DeltaBatch[] = [];

  /** @param base the recipe of a blob like it, as it is stored. @throws {BlobRecipeError} */
  constructor(blob: BlobRecipe, base: Uint8Array | undefined, options: NewChunksOptions) {
    this.#options = options;
    this.#places = placesOf(blob);
    this.#batches = base && batchesOn(base, options.packed);
  }

  /** How many there were so far. */
  get count(): number {
    return this.#added.size;
  }

  /** Takes the blob's next chunk, whether it is new or not. @param bytes copied */
  take(id: ChunkId, bytes: Uint8Array): void {
    const place = this.#places.next().value;
    if (place === undefined) throw new BlobRecipeError("the blob has more chunks than its recipe");
    const { packs, packed } = this.#options;
    if (this.#added.has(id) || packed.depthOf(id) !== undefined) return;
    this.#added.add(id);
    if (this.#batches === undefined) {
      packs.add(bytes);
      return;
    }
    const { name: file, offset } = place;
    const batch = this.#batches.add({ id, bytes, file, offset });
    if (batch !== undefined) this.#complete.push(batch);
  }

  /** Writes what is complete. Call it often: chunks wait in memory. */
  async write(): Promise<void> {
    for (const batch of this.#complete.splice(0)) await this.#put(batch);
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    const last = this.#batches?.end();
    if (last !== undefined) this.#complete.push(last);
    await this.write();
  }

  async #put({ chunks, dictionary }: DeltaBatch): Promise<void> {
    const { packs, packed } = this.#options;
    if (dictionary.length === 0) {
      for (const { bytes } of chunks) packs.add(bytes);
      return;
    }
    const ids = dictionary.map(({ id }) => id);
    const read: Uint8Array[] = [];
    let deepest = 0;
    for (const id of ids) {
      read.push(await packed.read(id));
      deepest = Math.max(deepest, packed.depthOf(id) ?? 0);
    }
    packs.addDelta(chunks, { ids, dictionary: Buffer.concat(read), depth: deepest + 1 });
  }
}

function batchesOn(stored: Uint8Array, packed: PackedSource): DeltaBatches {
  const base = decodeBlobRecipe(Buffer.from(stored.buffer, stored.byteOffset, stored.length));
  const isUsable = (id: ChunkId): boolean => (packed.depthOf(id) ?? DEEPEST) < DEEPEST;
  return new DeltaBatches(new DeltaBase(base, isUsable));
}
