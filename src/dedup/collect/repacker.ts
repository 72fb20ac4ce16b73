import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChunkIndex } from "../../chunks/index/chunk-index.ts";
import type { ChunkPlace } from "../../chunks/index/chunk-index.ts";
import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { ChunkDamaged, ChunkMissing, PackedChunks } from "../../chunks/packs/packed-chunks.ts";
import { packKey } from "../../content/layout.ts";
import { ObjectNotFound } from "../../storage/errors.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { PackStore } from "../store/pack-store.ts";
import { ChunkSet } from "./chunk-set.ts";
import { liveChunksOf, type LiveChunks } from "./judge-pack.ts";
import { type MovedFrame, packOf } from "./moved-pack.ts";
import type { PackSurvey, SurveyedPack } from "./pack-survey.ts";

const MEBIBYTE = 1024 * 1024;
/** Chunks of old packs are gathered up to a new one of about this size. */
const FULL_PACK_BYTES = 128 * MEBIBYTE;
const KEPT_BYTES = 32 * MEBIBYTE;

export interface RepackerOptions extends CallOptions {
  readonly packs: PackStore;
  readonly survey: PackSurvey;
  readonly live: LiveChunks;
  /** Chunks that frames lean on. */
  readonly bases: LiveChunks;
  /** Asked before each change. What it throws ends the work. */
  readonly stillAlone: (options: CallOptions) => Promise<void>;
  readonly onDelete: (pack: string) => void;
  /** Told of a pack that stays because a chunk that is needed cannot be read. */
  readonly onStays: (pack: string, reason: string) => void;
}

/** What came of it. */
export interface Repacked {
  /** Old packs that are there no more. */
  readonly rewritten: number;
  /** Of the store. */
  readonly freedBytes: number;
}

/** What of an old pack is to be moved; it was read, and is the right bytes. */
interface Move {
  readonly pack: SurveyedPack;
  readonly frames: readonly MovedFrame[];
  readonly movedBytes: number;
  /** Chunks that need not be moved from anywhere else. */
  readonly copied: ReadonlySet<ChunkId>;
}

/**
 * Moves what is needed of old packs to new ones, and deletes the old ones. A chunk that another pack has as
 * well, and can be read there, is not moved.
 */
export class Repacker implements AsyncDisposable {
  readonly #options: RepackerOptions;
  readonly #resources: AsyncDisposableStack;
  readonly #index: ChunkIndex;
  /** Packs that are to be deleted. */
  readonly #leaving: Set<string>;
  readonly #everywhere: PackedChunks;
  readonly #elsewhere: PackedChunks;
  readonly #elsewherePlain: PackedChunks;
  #freedBytes = 0;
  #rewritten = 0;

  /** @param leaving names of the packs that are to be written anew. @throws {StorageError} {Error} of the file system. */
  static async open(leaving: Iterable<string>, options: RepackerOptions): Promise<Repacker> {
    const resources = new AsyncDisposableStack();
    const folder = await mkdtempDisposable(join(tmpdir(), "barge-repack-"));
    resources.use(folder);
    const index = resources.use(ChunkIndex.open(join(folder.path, "chunks.sqlite")));
    const repacker = new Repacker(new Set(leaving), index, { ...options, resources });
    try {
      await repacker.#fillIndex();
      return repacker;
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  }

  private constructor(
    leaving: Set<string>,
    index: ChunkIndex,
    { resources, ...options }: RepackerOptions & { readonly resources: AsyncDisposableStack },
  ) {
    this.#options = options;
    this.#leaving = leaving;
    this.#index = index;
    this.#resources = resources;
    this.#everywhere = this.#chunksFrom((places) => places);
    const staying = (places: readonly ChunkPlace[]): readonly ChunkPlace[] =>
      places.filter(({ pack }) => !leaving.has(pack));
    // What a chunk elsewhere leans on may still be where it was.
    this.#elsewhere = this.#chunksFrom((places) =>
      staying(places).length > 0 ? staying(places) : places,
    );
    this.#elsewherePlain = this.#chunksFrom((places) =>
      staying(places).filter(({ depth }) => depth === 0),
    );
  }

  /** @throws {StorageError} {PackError}; what `stillAlone` throws. */
  async run(): Promise<Repacked> {
    let batch: Move[] = [];
    let moved = new ChunkSet();
    let movedBytes = 0;
    for (const name of this.#leaving) {
      this.#options.signal.throwIfAborted();
      const move = await this.#planFor(name, moved);
      if (move === undefined) continue;
      batch.push(move);
      movedBytes += move.movedBytes;
      if (movedBytes < FULL_PACK_BYTES) continue;
      await this.#carryOut(batch);
      batch = [];
      moved = new ChunkSet();
      movedBytes = 0;
    }
    await this.#carryOut(batch);
    return { rewritten: this.#rewritten, freedBytes: this.#freedBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  /** Takes up the frames of which a chunk may be read. */
  async #fillIndex(): Promise<void> {
    const { survey, live, bases } = this.#options;
    const moving = new ChunkSet();
    for await (const pack of survey.each(this.#leaving)) {
      this.#index.addPack(pack, pack.frames);
      for (const frame of pack.frames) {
        for (const { id } of liveChunksOf(frame, live)) moving.add(id);
      }
    }
    const staying = survey.names.filter((name) => !this.#leaving.has(name));
    const isOfUse = ({ chunks }: PlacedFrame): boolean =>
      chunks.some(({ id }) => moving.has(id) || bases.has(id));
    for await (const pack of survey.each(staying)) {
      const frames = pack.frames.filter(isOfUse);
      if (frames.length > 0) this.#index.addPack(pack, frames);
    }
  }

  /** Reads all that is to be moved. @param moved what others in this batch move; grows. @returns `undefined` for a pack that stays. */
  async #planFor(name: string, moved: ChunkSet): Promise<Move | undefined> {
    const { survey, onStays } = this.#options;
    const pack = await survey.read(name);
    if (pack === undefined) return undefined;
    try {
      const move = await this.#movesOf(pack, moved);
      for (const id of move.copied) moved.add(id);
      return move;
    } catch (error) {
      if (!isOfChunk(error)) throw error;
      this.#leaving.delete(name);
      onStays(name, error.message);
      return undefined;
    }
  }

  async #movesOf(pack: SurveyedPack, moved: ChunkSet): Promise<Move> {
    const frames: MovedFrame[] = [];
    const { bases } = this.#options;
    const copied = new Set<ChunkId>();
    let movedBytes = 0;
    for (const frame of pack.frames) {
      const ids: ChunkId[] = [];
      for (const { id } of liveChunksOf(frame, this.#options.live)) {
        if (copied.has(id) || moved.has(id) || (await this.#isElsewhere(id))) continue;
        await this.#everywhere.read(id);
        ids.push(id);
        // A frame leans only on those that lean on fewer: what is a base must stay where it is as shallow.
        if (frame.depth === 0 || !bases.has(id)) copied.add(id);
      }
      if (ids.length === 0) continue;
      movedBytes += frame.sizeBytes;
      frames.push({ pack: pack.name, frame, ids });
    }
    return { pack, frames, movedBytes, copied };
  }

  /** Whether a pack that stays has it, and it can be read there. */
  async #isElsewhere(id: ChunkId): Promise<boolean> {
    const places = this.#index.places(id);
    if (places.every(({ pack }) => this.#leaving.has(pack))) return false;
    const chunks = this.#options.bases.has(id) ? this.#elsewherePlain : this.#elsewhere;
    try {
      await chunks.read(id);
      return true;
    } catch (error) {
      if (isOfChunk(error)) return false;
      throw error;
    }
  }

  async #carryOut(batch: readonly Move[]): Promise<void> {
    const frames = batch.flatMap((move) => move.frames);
    if (frames.length > 0) await this.#write(frames);
    for (const { pack } of batch) await this.#delete(pack);
  }

  async #write(frames: readonly MovedFrame[]): Promise<void> {
    const { packs, survey, stillAlone, signal } = this.#options;
    await stillAlone({ signal });
    const bytes = packOf(frames, { chunks: this.#everywhere, survey });
    await using received = await packs.receive(bytes, { signal });
    await stillAlone({ signal });
    const name = await packs.publish(received, { signal });
    const written = await survey.read(name);
    if (written === undefined) throw new PackError(`the new pack ${name} cannot be read`);
    this.#index.addPack(written, written.frames);
    this.#freedBytes -= written.sizeBytes;
  }

  async #delete({ name, sizeBytes }: SurveyedPack): Promise<void> {
    const { packs, stillAlone, signal, onDelete } = this.#options;
    await stillAlone({ signal });
    onDelete(name);
    await packs.delete(name, { signal });
    this.#index.removePack(name);
    this.#leaving.delete(name);
    this.#freedBytes += sizeBytes;
    this.#rewritten += 1;
  }

  #chunksFrom(choose: (places: readonly ChunkPlace[]) => readonly ChunkPlace[]): PackedChunks {
    const { packs, signal } = this.#options;
    return new PackedChunks({
      find: (id) => choose(this.#index.places(id)),
      open: async (pack) => {
        const source = await packs.open(pack, { signal });
        if (source === undefined) throw new ObjectNotFound(packKey(pack));
        return source;
      },
      keptBytes: KEPT_BYTES,
    });
  }
}

function isOfChunk(error: unknown): error is ChunkDamaged | ChunkMissing {
  return error instanceof ChunkDamaged || error instanceof ChunkMissing;
}
