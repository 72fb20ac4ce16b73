import type { FrameHabits } from "./block-shape.ts";
import { formatsOf, NO_EXCEPTIONS, type TableDescriptions } from "./block-records.ts";
import { CarriedTracker, MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import { BlockChooser } from "./choices/block-chooser.ts";
import { BlockContents } from "./choices/block-contents.ts";
import { ChoiceTrial } from "./choices/choice-trial.ts";
import { ChunkedDocuments } from "./chunked/chunked-documents.ts";
import { type AnalyseNested, SkippableRecorder } from "./chunked/skippable-recorder.ts";
import { PortableCoder } from "./coder/portable-coder.ts";
import type { DecodedBlock, FrameHeader } from "./decoded-block.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { FinderRun } from "./finder-run.ts";
import type { EngineMemory } from "../engine-memory.ts";
import type { RunBlock } from "./finder-run.ts";
import { FrameBorders } from "./frame-borders.ts";
import { writeFrameRecord } from "./frame-records.ts";
import { JobTrial } from "./job-trial.ts";
import { OpenFrame } from "./open-frame.ts";
import { PendingBlocks } from "./pending-blocks.ts";
import { RestartDraft } from "./restart-draft.ts";
import { RestartScout } from "./restart-scout.ts";
import type { RestartSpacing } from "./restart-scout.ts";
import { createZstdColumns, writingPositions, zstdColumnsSizeBytes } from "./zstd-columns.ts";
import { writeZstdHead } from "./zstd-head.ts";
import { type DocumentsRestart, writeRestart } from "./zstd-restarts.ts";

const NOTHING_FOUND = { sequences: new Int32Array(0), count: 0 };
const FIX_NUMBERS = 4;

/** What a {@link StreamRecorder} is told before the stream. */
export interface RecorderSetUp {
  readonly choice: EngineChoice;
  readonly spacing: RestartSpacing | undefined;
  /** Without it skippable frames are not looked into. */
  readonly analyseNested: AnalyseNested | undefined;
  /** For its engine. */
  readonly memory: EngineMemory;
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
  readonly #borders: FrameBorders;
  readonly #pending: PendingBlocks;
  readonly #contents = new BlockContents(new PortableCoder());
  readonly #chooser: BlockChooser;
  readonly #choices: ChoiceTrial;
  readonly #carried = new CarriedTracker();
  readonly #restarts: RestartDraft[] = [];
  /** Of those, how many are of frames that have ended. */
  #settledRestarts = 0;
  readonly #documents: ChunkedDocuments | undefined;
  readonly #skippables: SkippableRecorder;
  #documentsRestart: DocumentsRestart | undefined;
  #isInSkippable = false;
  #frame: OpenFrame | undefined;

  constructor({ choice, spacing, analyseNested, memory }: RecorderSetUp) {
    this.#choice = choice;
    this.#run = new FinderRun(choice.engine, { windowBytes: choice.windowBytes, memory });
    this.#scout = new RestartScout(this.#run, choice.blockBytes, spacing);
    this.#jobs = new JobTrial(this.#run, choice.engine.mayWorkInJobs);
    this.#borders = new FrameBorders(choice.borders);
    this.#pending = new PendingBlocks(this.columns, this.#borders);
    this.#chooser = new BlockChooser(choice.blockBytes);
    this.#choices = new ChoiceTrial(this.#chooser);
    this.#documents = analyseNested && new ChunkedDocuments();
    this.#skippables = new SkippableRecorder(this.columns, {
      canForetell: () => this.#documents?.canGuess === true,
      foretell: (kind) => this.#documents?.guess(kind),
      analyse: analyseNested ?? (() => undefined),
    });
  }

  /** Whether the stream has the footer of zstd:chunked. */
  get isChunked(): boolean {
    return this.#skippables.isChunked;
  }

  get #habits(): FrameHabits {
    const { blockBytes, endsEmpty } = this.#choice;
    return { blockBytes, endsEmpty };
  }

  /** How many bytes the columns hold, before compression. */
  get sizeBytes(): number {
    return zstdColumnsSizeBytes(this.columns) + this.#choices.sizeBytes;
  }

  /** @param streamByte where the header begins. The header is copied. */
  frame(header: FrameHeader, streamByte: number): void {
    this.#frame = new OpenFrame(header, this.#run.position, writingPositions(this.columns));
    this.#run.startFrame();
    this.#carried.reset();
    this.#chooser.forget();
    this.#documents?.frame(streamByte);
    this.frames++;
    const isPossible = this.#borders.state !== undefined;
    if (this.#scout.frameStart(isPossible)) this.#addRestart(this.#run.position, streamByte);
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
    this.#record(block, { found, plain });
    for (const draft of this.#restarts.slice(this.#settledRestarts)) draft.take(block);
    this.#carried.take(block);
    this.#chooser.take(block);
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
    this.#borders.end();
    this.#pending.end();
    const { rule, column } = this.#choices.result;
    this.columns.choices.raw(column.written());
    for (const draft of this.#restarts) writeRestart(this.columns.restarts, draft.finished(rule));
    if (this.#restarts.length > 0 && this.#documentsRestart !== undefined) {
      writeRestart(this.columns.restarts, this.#documentsRestart);
    }
    const { engine, windowBytes, borders } = this.#choice;
    const { jobs } = this.#jobs;
    const head = { engine: engine.id, windowBytes, ...this.#habits, rule, borders, jobs };
    writeZstdHead(this.columns.head, head);
  }

  /** Only what was written is of use from now on. */
  release(): void {
    this.#run.release();
  }

  #beginSkippable(streamByte: number): void {
    this.#documents?.skippable(streamByte);
    // What comes may have to be analysed itself.
    this.#run.rest();
    const plainAt = this.#run.position;
    this.#documentsRestart ??= { kind: "documents", plainFrom: 0, plainAt, streamByte };
  }

  #record(
    block: DecodedBlock,
    { found, plain }: { readonly found: RunBlock; readonly plain: Uint8Array },
  ): void {
    const isSure = this.#jobs.isSettled;
    const fixes = this.#find(block, found);
    this.corrections += fixes.length / FIX_NUMBERS;
    const hasSequences = block.sequences !== undefined && block.sequences.count > 0;
    this.#takeContents(block, plain);
    this.#choices.take(block, this.#contents, hasSequences || (isSure && this.#jobs.isSettled));
    const { sizeBytes, frameStart } = found;
    this.#pending.add({
      place: { position: this.#run.position, frameStart, ...this.#habits },
      shape: { sizeBytes, isLast: block.isLast },
      record: {
        ...NO_EXCEPTIONS,
        ...formatsOf(block),
        tree: this.#unforeseenTree(block, hasSequences),
        tables: hasSequences ? this.#unforeseenTables(block) : NO_EXCEPTIONS.tables,
        fixes,
      },
    });
  }

  /** A rebuild has the sequences that are found, which are those of the block if it has any. */
  #takeContents({ literals, sequences }: DecodedBlock, plain: Uint8Array): void {
    if (literals !== undefined && sequences !== undefined && sequences.count > 0) {
      this.#contents.takeDecoded(plain, literals, sequences);
      return;
    }
    const found = plain.length > 0 ? this.#run.finder : NOTHING_FOUND;
    this.#contents.take(plain, found.sequences, found.count);
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

  #unforeseenTree({ literals }: DecodedBlock, hasSequences: boolean): Uint8Array | undefined {
    if (literals?.tree === undefined) return undefined;
    const { tree } = hasSequences ? this.#contents.literals : this.#contents.whole;
    return tree !== undefined && areEqual(tree, literals.tree) ? undefined : literals.tree.slice();
  }

  #unforeseenTables({ sequences }: DecodedBlock): TableDescriptions {
    const unforeseen = (kind: 0 | 1 | 2): Uint8Array | undefined => {
      const mode = TABLE_MODES[((sequences?.modes ?? 0) >> MODE_SHIFTS[kind]) & 3];
      const table = sequences?.tables[kind];
      if (mode !== "described" || table === undefined) return undefined;
      const foreseen = this.#contents.sequences.description(kind);
      return foreseen && areEqual(foreseen, table) ? undefined : table.slice();
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
    if (!frame.isEmpty) this.#chooser.forget();
    const draft = new RestartDraft({
      restart: {
        kind: "tar",
        plainFrom,
        plainAt: this.#run.position,
        streamByte,
        windowBytes: this.#run.windowBytes,
        borders,
        frame: frame.isEmpty
          ? undefined
          : { plainStart: frame.plainStart, carried: this.#carried.carried },
      },
      positions: { ...writingPositions(this.columns), ...frame.itemPositions },
      choices: this.#choices.places,
    });
    this.#restarts.push(draft);
    this.#pending.mark((positions, blocks) => draft.settle(positions, blocks));
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
