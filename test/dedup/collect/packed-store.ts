import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBlob } from "../../../src/chunks/blob/make-blob.ts";
import { PackedChunks } from "../../../src/chunks/packs/packed-chunks.ts";
import { BlobBroken, type BlobMaker } from "../../../src/dedup/cold/blob-maker.ts";
import { examinePack, FrameReader } from "../../../src/dedup/check/examine-pack.ts";
import { examineRecipe } from "../../../src/dedup/check/examine-recipe.ts";
import { PackIndex } from "../../../src/dedup/store/pack-index.ts";
import { RecipeStore } from "../../../src/dedup/store/recipe-store.ts";
import type { Workshop } from "../../../src/dedup/workshop.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import { readDirectory } from "../../../src/chunks/packs/read-pack.ts";
import { PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { type ChunkId, chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import { encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import { entryUrl } from "../../../src/app/entries.ts";
import { type CheckReport, checkStore } from "../../../src/content/check/check-store.ts";
import {
  blobData,
  blobRecipe,
  layerLink,
  packKey,
  quarantinedRecipe,
} from "../../../src/content/layout.ts";
import { AtRestCheck } from "../../../src/dedup/check/at-rest-check.ts";
import { type CollectedPacks, collectPacks } from "../../../src/dedup/collect/collect-packs.ts";
import { PackStore } from "../../../src/dedup/store/pack-store.ts";
import { type Collected, collectGarbage } from "../../../src/gc/collect.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { OCI_LAYER_GZIP } from "../../../src/oci/media-type.ts";
import type { StorageDriver } from "../../../src/storage/storage-driver.ts";
import { calm, collect } from "../../contracts/storage-subject.ts";
import { tarHeader, tarPadding } from "../../fixtures/tar-entry.ts";
import { type Planted, PlantedStore, repo } from "../../gc/planted-store.ts";
import { alone, Lines } from "../../gc/run-collection.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";

/** Chunks that are compressed together, perhaps leaning on others. */
export interface PlannedFrame {
  readonly files: readonly Buffer[];
  readonly bases?: readonly Buffer[];
  /** 0 without bases. */
  readonly depth?: number;
}

/** A file of which each byte counts: small enough to be one chunk, and nothing to compress. */
export function fileOf(seed: number, sizeBytes = 2000): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let state = seed + 1;
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A store whose packs are put together by hand. */
export class PackedStore extends PlantedStore {
  #packs = 0;

  /** A layer of these files that is cold: a recipe, and a link. Its chunks are in no pack yet. */
  async cold(repository: string, files: readonly Buffer[]): Promise<Planted> {
    const blob = tarOf(files);
    const chunker = new PlainChunker(() => undefined);
    chunker.write(blob);
    const digest = digestOf(blob);
    const recipe = { digest, blobBytes: blob.length, stream: undefined, ...chunker.end() };
    await this.put(blobRecipe(digest), encodeBlobRecipe(recipe));
    await this.put(layerLink(repo(repository), digest), digest);
    return { mediaType: OCI_LAYER_GZIP, digest, size: blob.length };
  }

  /** A layer that has a recipe beside its data. */
  async hot(repository: string, files: readonly Buffer[]): Promise<Planted> {
    const layer = await this.cold(repository, files);
    await this.put(blobData(layer.digest), tarOf(files));
    return layer;
  }

  /** Sets a cold layer's recipe aside. */
  async setAside({ digest }: Planted): Promise<void> {
    const recipe = await collect(this.driver.read(blobRecipe(digest), calm()));
    await this.put(quarantinedRecipe(digest), recipe);
    await this.remove(blobRecipe(digest));
  }

  /** @returns its name; later ones come later. */
  async pack(frames: readonly PlannedFrame[]): Promise<string> {
    const pieces: Uint8Array[] = [];
    const settings = { frameBytes: Number.POSITIVE_INFINITY, level: 1 };
    const writer = new PackWriter(settings, (bytes) => void pieces.push(bytes));
    for (const { files, bases = [], depth = 0 } of frames) {
      for (const file of files) writer.add(file);
      const delta = { ids: bases.map(chunkIdOf), dictionary: Buffer.concat(bases), depth };
      writer.flush(depth > 0 ? delta : undefined);
    }
    writer.end();
    const name = (this.#packs += 1).toString(16).padStart(32, "0");
    await this.put(packKey(name), Buffer.concat(pieces));
    return name;
  }

  /** Names of all packs. */
  async packs(): Promise<readonly string[]> {
    return await Array.fromAsync(new PackStore(this.driver).list(calm()));
  }

  /** All chunks that packs have, one for each place. */
  async chunks(): Promise<readonly ChunkId[]> {
    const packs = new PackStore(this.driver);
    const ids: ChunkId[] = [];
    for (const name of await this.packs()) {
      const source = await packs.open(name, calm());
      if (source === undefined) continue;
      const frames = await readDirectory(source);
      ids.push(...frames.flatMap(({ chunks }) => chunks.map(({ id }) => id)));
    }
    return ids.toSorted();
  }

  /** Changes a byte of an object behind everybody's back. */
  async damage(key: string, at: number): Promise<void> {
    const bytes = await collect(this.driver.read(key, calm()));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await this.put(key, bytes);
  }

  async copy(): Promise<PackedStore> {
    const copy = new PackedStore(new InMemoryDriver());
    for (const key of await this.keys()) {
      await copy.put(key, await collect(this.driver.read(key, calm())));
    }
    return copy;
  }
}

export function packedStore(): PackedStore {
  return new PackedStore(new InMemoryDriver());
}

export function idsOf(...files: readonly Buffer[]): readonly ChunkId[] {
  return files.map(chunkIdOf).toSorted();
}

/** As {@link PackedStore.cold} makes a layer of them. */
export function tarOf(files: readonly Buffer[]): Buffer {
  const parts = files.flatMap((bytes, index) => {
    const entry = { path: `file-${index}`, type: "file", mode: 0o644, records: {} } as const;
    const header = tarHeader({ ...entry, sizeBytes: bytes.length, modifiedSeconds: 1_700_000_000 });
    return [header, bytes, new Uint8Array(tarPadding(bytes.length))];
  });
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

interface Wishes {
  readonly dryRun?: boolean;
  readonly output?: Lines;
}

/** As the command does it: blobs, then packs. */
export async function collectAll(
  driver: StorageDriver,
  { dryRun = false, output = new Lines() }: Wishes = {},
): Promise<Collected & { readonly packs: CollectedPacks }> {
  const options = { ...calm(), driver, dryRun, output, stillAlone: alone };
  const collected = await collectGarbage({ ...options, deleteUntagged: true });
  return { ...collected, packs: await collectPacks({ ...options, gone: collected.gone }) };
}

export async function deepCheck(driver: StorageDriver, deep = true): Promise<CheckReport> {
  const threadUrl = entryUrl("dedup-thread");
  await using atRest = new AtRestCheck({ ...calm(), driver, threadUrl, makingThreads: 1 });
  return await checkStore({ ...calm(), driver, atRest, deep });
}

/** What {@link faults} finds, by this thread alone. */
export async function quickFaults(driver: StorageDriver): Promise<readonly unknown[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-quick-"));
  const packs = new PackStore(driver);
  using index = new PackIndex({
    path: join(folder.path, "chunks.sqlite"),
    packs,
    onBadPack: () => undefined,
  });
  await index.refresh(calm());
  const { violations } = await deepCheck(driver, false);
  const found: unknown[] = [...violations];
  const reader = new FrameReader(packs, async () => index);
  for await (const name of packs.list(calm())) {
    found.push(...(await examinePack(name, { ...calm(), packs, reader })).findings);
  }
  const recipes = new RecipeStore(driver);
  const maker = async (): Promise<Pick<BlobMaker, "whole">> => ({
    whole: (digest) => madeHere(digest, { recipes, packs, index }),
  });
  for await (const digest of recipes.list(calm())) {
    const { findings } = await examineRecipe(digest, { ...calm(), driver, recipes, maker });
    found.push(...findings);
  }
  return found;
}

async function* madeHere(
  digest: Digest,
  { recipes, packs, index }: Pick<Workshop, "recipes" | "packs" | "index">,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stored = await recipes.read(digest, calm());
  if (stored === undefined) return;
  const chunks = new PackedChunks({
    find: (id) => index.chunks.places(id),
    open: async (name) => (await packs.open(name, calm())) ?? { read: async () => Buffer.alloc(0) },
    keptBytes: 0,
  });
  try {
    const made = await collect(makeBlob(stored.recipe, chunks));
    if (digestOf(made) !== digest) throw new Error("it has another digest");
    yield made;
  } catch (cause) {
    throw new BlobBroken(digest, String(cause), { cause });
  }
}

/** What a check found, without its sentences, in order. */
export async function faults(driver: StorageDriver): Promise<readonly string[]> {
  const { violations } = await deepCheck(driver);
  return violations.map(({ kind, where }) => `${kind} ${where}`).toSorted();
}
