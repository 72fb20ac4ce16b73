import { ChunkedDocuments } from "./chunked/chunked-documents.ts";
import { type AnalyseNested, SkippableRecorder } from "./chunked/skippable-recorder.ts";
import { BlockTables } from "./tables/block-tables.ts";
import { toBlockRecord, writeBlockRecord } from "./block-records.ts";
import type { TableDescriptions } from "./block-records.ts";
import type { DecodedBlock, FrameHeader } from "./decoded-block.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { CarriedTracker, MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import { FinderRun } from "./finder-run.ts";
import type { RunBlock } from "./finder-run.ts";
import { FrameBorders } from "./frame-borders.ts";
import { limitingWindow, predictFrameHeader } from "./frame-header.ts";
import { writeFrameRecord } from "./frame-records.ts";
import type { FrameRecord } from "./frame-records.ts";
import { JobTrial } from "./job-trial.ts";
import { RestartDraft } from "./restart-draft.ts";
import { RestartScout } from "./restart-scout.ts";
import type { RestartSpacing } from "./restart-scout.ts";
import { createZstdColumns, writingPositions } from "./zstd-columns.ts";
import type { ColumnPositions } from "./zstd-columns.ts";
import { writeZstdHead } from "./zstd-head.ts";
import { type DocumentsRestart, writeRestart } from "./zstd-restarts.ts";

/** Four bytes in the recipe are cheaper than hashing more than this again. */
const MOST_HASHED_BYTES = 1024 * 1024;
const FIX_NUMBERS = 4;

/** What a {@link StreamRecorder} is told before the stream. */
export interface RecorderSetUp {
  readonly choice: EngineChoice;
  readonly spacing: RestartSpacing | undefined;
  /** Without it skippable frames are not looked into. */
  readonly analyseNested: AnalyseNested | undefined;
}

/** Writes a recipe's columns while a stream's frames and blocks come by, once its engine is known. */
export class StreamRecorder {
  readonly columns = createZstdColumns();
  /** Sequences that the engine did not foresee. */
  corrections = 0;
  frames = 0;
  readonly #choice: EngineChoice;
  readonly #run: FinderRun;
  readonly #scout: RestartScout;
  readonly #jobs: JobTrial;
  readonly #tables = new BlockTables();
  readonly #borders = new FrameBorders();
  readonly #carried = new CarriedTracker();
  readonly #restarts: RestartDraft[] = [];
  /** Of those, how many are of frames that have ended. */
  #settledRestarts = 0;
  readonly #documents: ChunkedDocuments | undefined;
  readonly #skippables: SkippableRecorder;
  #documentsRestart: DocumentsRestart | undefined;
  #isInSkippable = false;
  #frame: OpenFrame | undefined;

  constructor({ choice, spacing, analyseNested }: RecorderSetUp) {
    this.#choice = choice;
    this.#run = new FinderRun(choice.engine, { windowBytes: choice.windowBytes });
    this.#scout = new RestartScout(this.#run, choice.blockBytes, spacing);
    this.#jobs = new JobTrial(this.#run);
    this.#documents = analyseNested && new ChunkedDocuments();
    this.#skippables = new SkippableRecorder(this.columns, {
      foretell: (kind) => this.#documents?.guess(kind),
      analyse: analyseNested ?? (() => undefined),
    });
  }

  /** Whether the stream has the footer of zstd:chunked. */
  get isChunked(): boolean {
    return this.#skippables.isChunked;
  }

  /** @param streamByte where the header begins. The header is copied. */
  frame(header: FrameHeader, streamByte: number): void {
    this.#frame = new OpenFrame(header, this.#run.position, writingPositions(this.columns));
    this.#carried.reset();
    this.#documents?.frame(streamByte);
    this.frames++;
    if (this.#scout.frameStart()) this.#addRestart(this.#run.position, streamByte);
  }

  /**
   * @param plain the block's bytes
   * @param streamByte where the block begins
   */
  block(block: DecodedBlock, plain: Uint8Array, streamByte: number): void {
    const frame = this.#frame;
    if (frame === undefined) throw new RangeError("a block outside of any frame");
    if (frame.isEmpty) frame.begin(block.isLast, { plain, run: this.#run });
    else this.#tryRestart(streamByte);
    const found: RunBlock = {
      sizeBytes: plain.length,
      frameStart: frame.plainStart,
      isOnlyBlock: frame.isEmpty && block.isLast,
    };
    this.#run.makeRoom();
    this.#run.append(plain);
    this.#borders.take(plain);
    this.#documents?.write(plain);
    this.#record(block, { found, frame });
    for (const draft of this.#restarts.slice(this.#settledRestarts)) draft.take(block);
    this.#carried.take(block);
    this.#scout.follow(found);
    this.#run.advance(plain.length);
    frame.take(plain);
  }

  /** @param checksum copied */
  frameEnd(checksum: Uint8Array | undefined): void {
    if (this.#frame === undefined) throw new RangeError("the end of no frame");
    writeFrameRecord(this.columns, this.#frame.record(checksum));
    this.#frame = undefined;
    this.#settledRestarts = this.#restarts.length;
  }

  /**
   * Bytes of a skippable frame, as they come, the header by itself.
   * @param streamByte where they begin
   */
  skippable(bytes: Uint8Array, isLast: boolean, streamByte: number): void {
    if (!this.#isInSkippable) this.#beginSkippable(streamByte);
    this.#isInSkippable = !isLast;
    this.#skippables.take(bytes, isLast);
    if (isLast && this.#skippables.documents === 0) this.#documentsRestart = undefined;
  }

  /** The stream has ended. */
  end(): void {
    for (const draft of this.#restarts) writeRestart(this.columns.restarts, draft.finished());
    if (this.#restarts.length > 0 && this.#documentsRestart !== undefined) {
      writeRestart(this.columns.restarts, this.#documentsRestart);
    }
    writeZstdHead(this.columns.head, {
      engine: this.#choice.engine.id,
      windowBytes: this.#choice.windowBytes,
      blockBytes: this.#choice.blockBytes,
      jobs: this.#jobs.jobs,
    });
  }

  #beginSkippable(streamByte: number): void {
    this.#documents?.skippable(streamByte);
    const plainAt = this.#run.position;
    this.#documentsRestart ??= { kind: "documents", plainFrom: 0, plainAt, streamByte };
  }

  #record(
    block: DecodedBlock,
    { found, frame }: { readonly found: RunBlock; readonly frame: OpenFrame },
  ): void {
    const fixes = this.#find(block, found);
    this.corrections += fixes.length / FIX_NUMBERS;
    const isUsualSize = block.isLast
      ? this.#endsAtBorder(found, frame)
      : found.sizeBytes === this.#choice.blockBytes;
    const record = toBlockRecord(block, {
      sizeBytes: isUsualSize ? undefined : found.sizeBytes,
      tree: this.#unforeseenTree(block),
      tables: this.#unforeseenTables(block),
      fixes,
    });
    writeBlockRecord(this.columns, record);
  }

  #find({ sequences }: DecodedBlock, found: RunBlock): readonly number[] {
    if (sequences === undefined || sequences.count === 0) {
      this.#jobs.find(found, { kind: "free" });
      return [];
    }
    return this.#jobs.find(found, {
      kind: "follow",
      sequences: sequences.sequences,
      count: sequences.count,
    });
  }

  #endsAtBorder({ sizeBytes }: RunBlock, frame: OpenFrame): boolean {
    const { position } = this.#run;
    const border = this.#borders.firstFrom(Math.max(position, frame.plainStart + 1));
    return border === position + sizeBytes;
  }

  #unforeseenTree({ literals }: DecodedBlock): Uint8Array | undefined {
    if (literals?.tree === undefined) return undefined;
    const foreseen = this.#tables.tree(literals.bytes, literals.size);
    return foreseen && areEqual(foreseen, literals.tree) ? undefined : literals.tree;
  }

  #unforeseenTables({ sequences }: DecodedBlock): TableDescriptions {
    if (sequences === undefined || sequences.count === 0) return [undefined, undefined, undefined];
    this.#tables.count(sequences.sequences, sequences.count);
    const unforeseen = (kind: 0 | 1 | 2): Uint8Array | undefined => {
      const mode = TABLE_MODES[(sequences.modes >> MODE_SHIFTS[kind]) & 3];
      const table = sequences.tables[kind];
      if (mode !== "described" || table === undefined) return undefined;
      const foreseen = this.#tables.table(kind);
      return foreseen && areEqual(foreseen, table) ? undefined : table;
    };
    return [unforeseen(0), unforeseen(1), unforeseen(2)];
  }

  #tryRestart(streamByte: number): void {
    if (this.#borders.state === undefined || !this.#jobs.isOver) return;
    const plainFrom = this.#scout.blockStart();
    if (plainFrom !== undefined) this.#addRestart(plainFrom, streamByte);
  }

  #addRestart(plainFrom: number, streamByte: number): void {
    const borders = this.#borders.state;
    const frame = this.#frame;
    if (borders === undefined || frame === undefined || this.#documentsRestart !== undefined)
      return;
    frame.holdsRestart ||= !frame.isEmpty;
    const draft = new RestartDraft({
      kind: "tar",
      plainFrom,
      plainAt: this.#run.position,
      streamByte,
      windowBytes: this.#run.windowBytes,
      positions: { ...writingPositions(this.columns), ...frame.itemPositions },
      borders,
      frame: frame.isEmpty
        ? undefined
        : { plainStart: frame.plainStart, carried: this.#carried.carried },
    });
    this.#restarts.push(draft);
  }
}

/** A frame whose end has not come. */
class OpenFrame {
  readonly plainStart: number;
  readonly itemPositions: Pick<ColumnPositions, "items" | "bytes">;
  isEmpty = true;
  /** A rebuild that begins within the frame cannot hash what lies before. */
  holdsRestart = false;
  readonly #header: FrameHeader;
  #isHeaderUsual = false;
  #grownWindowBytes: number | undefined;
  #plainBytes = 0;

  constructor(header: FrameHeader, plainStart: number, { items, bytes }: ColumnPositions) {
    this.#header = { ...header, bytes: header.bytes.slice() };
    this.plainStart = plainStart;
    this.itemPositions = { items, bytes };
  }

  /** The frame's first block tells how the encoder came to its header. */
  begin(
    isOnlyBlock: boolean,
    { plain, run }: { readonly plain: Uint8Array; readonly run: FinderRun },
  ): void {
    const limit = limitingWindow(this.#header, isOnlyBlock) ?? 0;
    if (limit > run.windowBytes) {
      this.#grownWindowBytes = limit;
      run.grow(limit);
    }
    const usual = predictFrameHeader({
      onlyBlockBytes: isOnlyBlock ? plain.length : undefined,
      windowBytes: run.windowBytes,
    });
    this.#isHeaderUsual = areEqual(usual, this.#header.bytes);
  }

  take(plain: Uint8Array): void {
    this.isEmpty = false;
    this.#plainBytes += plain.length;
  }

  /** @param checksum the decoder has found it right */
  record(checksum: Uint8Array | undefined): FrameRecord {
    const kind = this.#checksumKind(checksum);
    return {
      kind: "frame",
      header: this.#isHeaderUsual ? undefined : this.#header.bytes,
      grownWindowBytes: this.#grownWindowBytes,
      checksum: kind,
      checksumBytes: kind === "stored" ? checksum : undefined,
    };
  }

  #checksumKind(checksum: Uint8Array | undefined): FrameRecord["checksum"] {
    if (checksum === undefined) return "none";
    return this.holdsRestart || this.#plainBytes > MOST_HASHED_BYTES ? "stored" : "computed";
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
