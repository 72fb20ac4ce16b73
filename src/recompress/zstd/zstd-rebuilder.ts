import { EngineMemory } from "../engine-memory.ts";
import { RecipeError } from "../recipe-error.ts";
import type { Recipe } from "../recipe.ts";
import type { StreamRebuilder, TakeBytes } from "../stream-codec.ts";
import { ChunkedDocuments } from "./chunked/chunked-documents.ts";
import { MOST_DOCUMENTS, readDocumentRecord } from "./chunked/document-records.ts";
import { BlockRebuilder } from "./block-rebuilder.ts";
import { type BlockShape, foretellShape } from "./block-shape.ts";
import type { FinderRun, RunBlock } from "./finder-run.ts";
import { freeBytes } from "./free-bytes.ts";
import { FrameBorders } from "./frame-borders.ts";
import { predictFrameHeader } from "./frame-header.ts";
import { readItemRecord } from "./frame-records.ts";
import type { FrameRecord } from "./frame-records.ts";
import { createRun } from "./rebuild-run.ts";
import { Xxh64 } from "./xxh64.ts";
import { readZstdColumns } from "./zstd-columns.ts";
import type { ZstdColumnReaders } from "./zstd-columns.ts";
import { ZSTD_ENGINES } from "./zstd-engines.ts";
import type { ZstdEngine } from "./zstd-engines.ts";
import { readZstdHead } from "./zstd-head.ts";
import type { ZstdHead } from "./zstd-head.ts";
import { readRestarts, restartsWithinFrames } from "./zstd-restarts.ts";
import type { RestartRecord, TarRestart } from "./zstd-restarts.ts";

/** What a {@link ZstdRebuilder} works from. */
export interface ZstdRebuild {
  readonly recipe: Recipe;
  /** Those that recipes may name. By default all there are. */
  readonly engines?: readonly ZstdEngine[];
  /** Given the stream's bytes in order. */
  readonly onBytes: TakeBytes;
  /**
   * Which of the recipe's restart points to begin at, from 0. The plain bytes are then those from its
   * `plainFrom` on, and the stream's those from its `streamByte` on.
   */
  readonly restart?: number | undefined;
  /** Nothing that begins at or behind this byte of the stream is made. By default everything is. */
  readonly untilByte?: number | undefined;
  /** Whether the stream stands in a frame of another: it then has no documents. */
  readonly isNested?: boolean;
  /** For its engine. One of its own by default. */
  readonly memory?: EngineMemory | undefined;
}

/** A frame that is being written. */
interface OpenFrame {
  readonly record: FrameRecord;
  readonly plainStart: number;
  isBegun: boolean;
}

/**
 * Writes a zstd stream again from its plain bytes and its recipe.
 *
 * Blocks are written as soon as their plain bytes are there; a frame's last block may have to wait until
 * the tar shows where the frame ends, at most the size of a block.
 */
export class ZstdRebuilder implements StreamRebuilder {
  readonly #recipe: Recipe;
  readonly #engines: readonly ZstdEngine[];
  readonly #memory: EngineMemory;
  readonly #onBytes: TakeBytes;
  readonly #columns: ZstdColumnReaders;
  readonly #head: ZstdHead;
  readonly #restart: TarRestart | undefined;
  /** Bytes of the stream before this one are made, but not wanted. */
  readonly #wantedFrom: number;
  readonly #untilByte: number;
  /** Makes nothing without the whole of the plain bytes; `undefined` where nothing is to be made. */
  readonly #documents: ChunkedDocuments | undefined;
  #madeDocuments = 0;
  readonly #run: FinderRun;
  readonly #borders: FrameBorders;
  readonly #blocks: BlockRebuilder;
  /** Bytes of the stream at which restarts within frames begin. */
  readonly #forgetAt: ReadonlySet<number>;
  readonly #hash = new Xxh64();
  #frame: OpenFrame | undefined;
  #plainTaken: number;
  #streamByte: number;

  /** @throws {RecipeError} when the recipe is no zstd recipe, is damaged, or names an unknown engine. */
  constructor(options: ZstdRebuild) {
    const { recipe, engines = ZSTD_ENGINES, onBytes, restart, isNested = false } = options;
    this.#recipe = recipe;
    this.#engines = engines;
    this.#memory = options.memory ?? new EngineMemory();
    this.#onBytes = onBytes;
    this.#untilByte = options.untilByte ?? Infinity;
    this.#head = readZstdHead(readZstdColumns(recipe).head);
    this.#forgetAt = restartsWithinFrames(recipe);
    const place = placeOf(recipe, restart);
    const tar = place.kind === "tar" ? place : undefined;
    this.#restart = tar;
    this.#wantedFrom = place.streamByte;
    this.#columns = readZstdColumns(recipe, tar?.positions);
    this.#documents = isNested ? undefined : documentsOf(this.#columns, tar);
    this.#run = createRun(engines, this.#head, { restart: tar, memory: this.#memory });
    this.#blocks = new BlockRebuilder(this.#columns, this.#head, tar);
    this.#borders = new FrameBorders(this.#head.borders, tar?.borders);
    [this.#plainTaken, this.#streamByte] =
      tar === undefined ? [0, 0] : [tar.plainFrom, tar.streamByte];
    this.#checkWarmUp();
  }

  /** Whether all has been made up to `untilByte`. */
  get isDone(): boolean {
    return this.#streamByte >= this.#untilByte;
  }

  write(plain: Uint8Array): void {
    for (let at = 0; at < plain.length && !this.isDone;) {
      this.#run.makeRoom();
      const taken = Math.min(this.#run.free, plain.length - at);
      if (taken === 0) throw new RecipeError("the recipe's blocks do not fit its window");
      this.#take(plain.subarray(at, at + taken));
      at += taken;
    }
  }

  end(): void {
    this.#tellEnd();
    while (this.#step());
    const isDone = this.#frame === undefined && this.#columns.items.isAtEnd;
    if (!isDone || this.#run.pendingBytes > 0)
      throw new RecipeError("the plain bytes end too early");
    if (this.#streamByte !== this.#recipe.streamBytes) {
      throw new RecipeError("the rebuilt stream is shorter than the recipe says");
    }
    this.release();
  }

  /** Gives its memory back: for who does not go on to the end. */
  release(): void {
    this.#run.release();
  }

  #take(plain: Uint8Array): void {
    this.#run.append(plain);
    const known = Math.max(this.#borders.position - this.#plainTaken, 0);
    this.#borders.take(plain.subarray(known));
    this.#plainTaken += plain.length;
    this.#tellEnd();
    while (this.#step());
    const isOver = this.#frame === undefined && this.#columns.items.isAtEnd;
    if (isOver && this.#run.pendingBytes > 0)
      throw new RecipeError("there are too many plain bytes");
  }

  #tellEnd(): void {
    if (this.#plainTaken === this.#recipe.plainBytes) this.#borders.end();
  }

  /** @returns whether anything was done. */
  #step(): boolean {
    if (this.isDone) return false;
    if (this.#run.position < (this.#restart?.plainAt ?? 0)) return this.#warmUp();
    return this.#frame === undefined ? this.#beginItem() : this.#writeBlock(this.#frame);
  }

  /** A block before the place where the rebuild begins, for the finder's tables. */
  #warmUp(): boolean {
    const { blockBytes: sizeBytes } = this.#head;
    if (this.#run.pendingBytes < sizeBytes) return false;
    const frameStart = this.#restart?.plainFrom ?? 0;
    this.#run.find({ sizeBytes, frameStart, isOnlyBlock: false }, { kind: "free" });
    this.#run.advance(sizeBytes);
    return true;
  }

  #checkWarmUp(): void {
    if (this.#restart === undefined) return;
    const { plainFrom, plainAt, frame } = this.#restart;
    if ((plainAt - plainFrom) % this.#head.blockBytes !== 0) {
      throw new RecipeError("a restart of the recipe is in the midst of a block");
    }
    if (frame === undefined) return;
    const record = readItemRecord(this.#columns);
    if (record.kind !== "frame") throw new RecipeError("a restart of the recipe is in no frame");
    this.#frame = { record, plainStart: frame.plainStart, isBegun: true };
    this.#blocks.startFrame(frame.carried);
  }

  #beginItem(): boolean {
    if (this.#columns.items.isAtEnd) return false;
    const record = readItemRecord(this.#columns);
    if (record.kind !== "frame") {
      this.#documents?.skippable(this.#streamByte);
      if (record.kind === "skippable") this.#emit(this.#columns.bytes.raw(record.sizeBytes));
      else this.#makeDocument();
      return true;
    }
    this.#documents?.frame(this.#streamByte);
    const { grownWindowBytes = 0 } = record;
    if (grownWindowBytes > this.#run.windowBytes) this.#run.grow(grownWindowBytes);
    else this.#run.startFrame();
    this.#frame = { record, plainStart: this.#run.position, isBegun: false };
    this.#blocks.startFrame();
    this.#hash.reset();
    return true;
  }

  #makeDocument(): void {
    if (this.#documents === undefined || this.#madeDocuments >= MOST_DOCUMENTS) {
      throw new RecipeError("what follows the tar's frames can be made from the start only");
    }
    this.#madeDocuments++;
    if (this.#run.pendingBytes === 0) this.#run.rest();
    const { documents } = this.#columns;
    let guess: Uint8Array | undefined;
    const frame = readDocumentRecord(documents, (kind) => {
      guess = this.#documents?.guess(kind);
      return guess;
    });
    this.#emit(frame.header);
    const nested = new ZstdRebuilder({
      recipe: frame.recipe,
      engines: this.#engines,
      onBytes: (bytes) => this.#emit(bytes),
      isNested: true,
      memory: this.#memory,
    });
    for (const part of frame.document) nested.write(part);
    nested.end();
    if (guess !== undefined) freeBytes(guess);
  }

  #writeBlock(frame: OpenFrame): boolean {
    const shape = this.#shapeOfNext(frame);
    if (shape === undefined || shape.sizeBytes > this.#run.pendingBytes) return false;
    const { sizeBytes, isLast } = shape;
    if (this.#forgetAt.has(this.#streamByte)) this.#blocks.passRestart();
    const isOnlyBlock = !frame.isBegun && isLast;
    this.#find({ sizeBytes, frameStart: frame.plainStart, isOnlyBlock });
    if (!frame.isBegun) this.#emitHeader(frame, isOnlyBlock ? sizeBytes : undefined);
    const plain = this.#run.pending(sizeBytes);
    this.#emit(this.#blocks.write({ shape, plain, finder: this.#run.finder }));
    if (frame.record.checksum === "computed") this.#hash.update(plain);
    this.#documents?.write(plain);
    this.#run.advance(sizeBytes);
    if (isLast) this.#endFrame(frame);
    return true;
  }

  /** @returns `undefined` as long as the plain bytes do not show it. */
  #shapeOfNext({ plainStart: frameStart }: OpenFrame): BlockShape | undefined {
    const { shape } = this.#blocks.next.record;
    if (shape !== undefined) return shape;
    const { position } = this.#run;
    const { blockBytes, endsEmpty } = this.#head;
    return foretellShape(this.#borders, { position, frameStart, blockBytes, endsEmpty });
  }

  #find(block: RunBlock): void {
    const { jobs } = this.#head;
    if (jobs !== undefined && jobs.from === this.#run.position && this.#frame?.isBegun === true) {
      this.#run.workInJobs(this.#run.createFinder(jobs.jobBytes), jobs.jobBytes);
    }
    this.#run.find(block, { kind: "replay", fixes: this.#blocks.next.record.fixes });
  }

  #emitHeader(frame: OpenFrame, onlyBlockBytes: number | undefined): void {
    const { windowBytes } = this.#run;
    this.#emit(frame.record.header ?? predictFrameHeader({ onlyBlockBytes, windowBytes }));
    frame.isBegun = true;
  }

  #endFrame({ record }: OpenFrame): void {
    if (record.checksum === "computed") this.#emit(this.#hash.lowBytes());
    else if (record.checksumBytes !== undefined) this.#emit(record.checksumBytes);
    this.#frame = undefined;
  }

  #emit(bytes: Uint8Array): void {
    const unwanted = Math.max(this.#wantedFrom - this.#streamByte, 0);
    this.#streamByte += bytes.length;
    if (this.#streamByte > this.#recipe.streamBytes) {
      throw new RecipeError("the rebuilt stream is longer than the recipe says");
    }
    if (unwanted < bytes.length) this.#onBytes(bytes.subarray(unwanted));
  }
}

const STREAM_START = { kind: "start", streamByte: 0 } as const;

function documentsOf(
  { documents }: ZstdColumnReaders,
  restart: TarRestart | undefined,
): ChunkedDocuments | undefined {
  return restart !== undefined || documents.isAtEnd ? undefined : new ChunkedDocuments();
}

function placeOf(recipe: Recipe, index: number | undefined): RestartRecord | typeof STREAM_START {
  if (index === undefined) return STREAM_START;
  const record = readRestarts(recipe)[index];
  if (record === undefined) throw new RecipeError(`the recipe has no restart ${index}`);
  return record;
}
