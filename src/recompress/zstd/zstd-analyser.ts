import type { Outcome, RawReason } from "../outcome.ts";
import { RecipeError } from "../recipe-error.ts";
import { encodeRecipe, LARGEST_RECIPE_BYTES } from "../recipe.ts";
import type { Recipe } from "../recipe.ts";
import type { StreamAnalyser, TakeBytes } from "../stream-codec.ts";
import { BrokenStream, UnsupportedStream } from "../stream-errors.ts";
import type { AnalyseNested } from "./chunked/skippable-recorder.ts";
import { copyBlock } from "./copy-block.ts";
import { ZstdDecoder } from "./decode/zstd-decoder.ts";
import type { DecodedBlock, FrameHeader } from "./decoded-block.ts";
import { chooseEngine } from "./engine-choice.ts";
import { EngineMemory } from "../engine-memory.ts";
import { KeptParts } from "./kept-parts.ts";
import type { RestartSpacing } from "./restart-scout.ts";
import { StreamParts } from "./stream-parts.ts";
import { StreamRecorder } from "./stream-recorder.ts";
import { StreamSample } from "./stream-sample.ts";
import { readZstdColumns, toZstdRecipe } from "./zstd-columns.ts";
import { ZSTD_ENGINES } from "./zstd-engines.ts";
import type { ZstdEngine } from "./zstd-engines.ts";
import { readZstdHead } from "./zstd-head.ts";
import { readRestarts } from "./zstd-restarts.ts";

/** The recipe may grow to this, */
const FREE_COLUMN_BYTES = 65_536;
/** and to this share of the stream so far beyond it, before it is given up; */
const MOST_COLUMN_SHARE = 0.25;
/** and never beyond what a recipe may be, with room for the documents of zstd:chunked; */
const MOST_COLUMN_BYTES = LARGEST_RECIPE_BYTES / 2;
/** and in the end it must be smaller than this, or than a share of the stream. */
const ALWAYS_WORTH_BYTES = 1024;
const MOST_RECIPE_SHARE = 0.15;
/** More than what a recipe has before its columns. */
const HEAD_BYTES = 1024;

const NO_RESTARTS: RestartSpacing = { spacingBytes: Infinity, warmUpBytes: 0 };
const NESTED_PIECE_BYTES = 65_536;

/** What to do with a zstd stream. */
export interface ZstdAnalysis {
  /** Given the plain bytes in order, as they are decoded. */
  readonly onPlain: TakeBytes;
  /** Those that may have written the stream, likeliest first. By default all there are. */
  readonly engines?: readonly ZstdEngine[];
  /** How far apart restarts are. 64 MiB when not told. */
  readonly restartSpacing?: RestartSpacing;
  /** Whether the stream stands in a frame of another: skippable frames are then not looked into. */
  readonly isNested?: boolean;
  /** For its engines. One of its own by default. */
  readonly memory?: EngineMemory | undefined;
}

/**
 * Finds the recipe of a zstd stream (RFC 8878).
 *
 * The first blocks are kept until it is clear which engine wrote them. From then on everything goes to a
 * {@link StreamRecorder} as it comes.
 */
export class ZstdAnalyser implements StreamAnalyser {
  readonly #options: ZstdAnalysis;
  readonly #engines: readonly ZstdEngine[];
  readonly #decoder: ZstdDecoder;
  readonly #parts = new StreamParts();
  readonly #memory: EngineMemory;
  #streamBytes = 0;
  #plainBytes = 0;
  /** Where the frame or block to come begins. */
  #partStart = 0;
  #sample: StreamSample | undefined = new StreamSample();
  readonly #kept = new KeptParts();
  #recorder: StreamRecorder | undefined;
  #engine: ZstdEngine | undefined;
  #reason: RawReason | undefined;

  constructor(options: ZstdAnalysis) {
    this.#options = options;
    this.#engines = options.engines ?? ZSTD_ENGINES;
    this.#memory = options.memory ?? new EngineMemory();
    this.#decoder = new ZstdDecoder({
      frame: (header) => this.#takeFrame(header),
      block: (block) => this.#takeBlock(block),
      frameEnd: (checksum) => this.#takeFrameEnd(checksum),
      skippable: (bytes, isLast) => this.#takeSkippable(bytes, isLast),
    });
  }

  write(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#reason === undefined;) {
      const end = this.#parts.next(bytes, at);
      this.#streamBytes += end - at;
      const piece = bytes.subarray(at, end);
      this.#guard(() => this.#decoder.write(piece));
      at = end;
    }
    return this.#reason === undefined;
  }

  end(): Outcome {
    if (this.#reason === undefined) this.#guard(() => this.#decoder.end());
    if (this.#reason === undefined && this.#recorder === undefined) this.#decide();
    this.#decoder.release();
    return this.#reason === undefined ? this.#outcome() : { kind: "raw", reason: this.#reason };
  }

  #takeFrame(header: FrameHeader): void {
    const streamByte = this.#partStart;
    this.#partStart = this.#streamBytes;
    const kept = { ...header, bytes: header.bytes.slice() };
    this.#sample?.frame(kept);
    this.#tellBorder((recorder) => recorder.frame(kept, streamByte));
  }

  #takeBlock(block: DecodedBlock): void {
    if (this.#reason !== undefined) return;
    const streamByte = this.#partStart;
    this.#partStart = this.#streamBytes;
    const plain = this.#decoder.window.bytes.subarray(block.start, block.end);
    this.#plainBytes += plain.length;
    this.#options.onPlain(plain);
    if (repeatsNothing(block)) this.#giveUp("unsupported", "it repeats a byte not even once");
    if (this.#recorder === undefined) this.#sampleBlock(block, plain, streamByte);
    else this.#recorder.block(block, plain, streamByte);
    this.#checkGrowth();
  }

  #takeFrameEnd(checksum: Uint8Array | undefined): void {
    this.#partStart = this.#streamBytes;
    const kept = checksum?.slice();
    this.#tellBorder((recorder) => recorder.frameEnd(kept));
  }

  #takeSkippable(bytes: Uint8Array, isLast: boolean): void {
    const streamByte = this.#partStart;
    this.#partStart = this.#streamBytes;
    if (this.#reason !== undefined) return;
    if (this.#recorder === undefined) this.#kept.skippable(bytes, isLast, streamByte);
    else this.#recorder.skippable(bytes, isLast, streamByte);
    if (this.#recorder === undefined && this.#kept.isFull) this.#decide();
    this.#checkGrowth();
  }

  #sampleBlock(block: DecodedBlock, plain: Uint8Array, streamByte: number): void {
    const sample = this.#sample;
    if (sample === undefined) return;
    const copy = copyBlock(block);
    const { start, end } = sample.block(copy, plain);
    this.#kept.block((recorder) => {
      recorder.block(copy, sample.window.bytes.subarray(start, end), streamByte);
    });
    if (sample.isEnough || this.#kept.isFull) this.#decide();
  }

  #tellBorder(what: (recorder: StreamRecorder) => void): void {
    if (this.#reason !== undefined) return;
    if (this.#recorder === undefined) this.#kept.border(what);
    else what(this.#recorder);
  }

  #decide(): void {
    const choice = this.#sample && chooseEngine(this.#engines, this.#sample, this.#memory);
    if (choice === undefined) {
      this.#giveUp("unknown-encoder", "it was written by an encoder that is unknown here");
      return;
    }
    this.#engine = choice.engine;
    this.#recorder = new StreamRecorder({
      choice,
      spacing: this.#options.restartSpacing,
      analyseNested: this.#options.isNested === true ? undefined : this.#nestedBy(choice.engine),
      memory: this.#memory,
    });
    this.#memory.clear();
    this.#kept.replay(this.#recorder);
    this.#sample?.release();
    this.#sample = undefined;
  }

  /** What stands within the stream was most likely written by the same encoder. */
  #nestedBy(engine: ZstdEngine): AnalyseNested {
    const engines = [engine, ...this.#engines.filter((other) => other !== engine)];
    return (stream, onPlain) => {
      const analyser = new ZstdAnalyser({
        onPlain,
        engines,
        restartSpacing: NO_RESTARTS,
        isNested: true,
        memory: this.#memory,
      });
      for (let at = 0; at < stream.length; at += NESTED_PIECE_BYTES) {
        if (!analyser.write(stream.subarray(at, at + NESTED_PIECE_BYTES))) return undefined;
      }
      const outcome = analyser.end();
      return outcome.kind === "exact" ? outcome.recipe : undefined;
    };
  }

  #checkGrowth(): void {
    if (this.#recorder === undefined) return;
    const most = FREE_COLUMN_BYTES + this.#streamBytes * MOST_COLUMN_SHARE;
    if (this.#recorder.sizeBytes > Math.min(most, MOST_COLUMN_BYTES)) this.#giveUpTooLarge();
  }

  #giveUpTooLarge(): void {
    this.#giveUp("unknown-encoder", "what is known of its encoder does not foretell enough of it");
  }

  #giveUp(kind: RawReason["kind"], text: string): void {
    this.#reason ??= { kind, text };
    this.#recorder?.release();
    this.#recorder = undefined;
    this.#sample = undefined;
    this.#kept.clear();
  }

  #guard(decode: () => void): void {
    try {
      decode();
    } catch (error) {
      if (error instanceof UnsupportedStream) this.#giveUp("unsupported", error.message);
      else if (error instanceof BrokenStream) this.#giveUp(this.#brokenKind(), error.message);
      else throw error;
    }
  }

  #brokenKind(): RawReason["kind"] {
    return this.#partStart === 0 && this.#streamBytes <= 4 ? "not-compressed" : "broken";
  }

  #outcome(): Outcome {
    const recorder = this.#recorder;
    if (recorder === undefined || this.#engine === undefined) throw new Error("nothing recorded");
    recorder.end();
    recorder.release();
    const { columns, corrections } = recorder;
    const sizes = { streamBytes: this.#streamBytes, plainBytes: this.#plainBytes };
    const recipe = toZstdRecipe(columns, sizes);
    if (isTooLarge(recipe)) this.#giveUpTooLarge();
    else if (!isReadable(recipe)) this.#giveUp("unsupported", "its recipe says what no recipe may");
    if (this.#reason !== undefined) return { kind: "raw", reason: this.#reason };
    const { encoder, level } = this.#engine;
    const framing = framingOf(recorder);
    const who = { encoder, level, framing, corrections };
    // The decoder has checked what a frame says of its content.
    return { kind: "exact", recipe, findings: { ...who, ...sizes, damage: undefined } };
  }
}

function framingOf({ frames, isChunked }: StreamRecorder): string {
  const count = frames === 1 ? "one frame" : `${frames.toLocaleString("en-US")} frames`;
  return isChunked ? `${count} (zstd:chunked)` : count;
}

/** Whether a rebuild would take what the recipe says of the whole stream, and of its restarts. */
function isReadable(recipe: Recipe): boolean {
  try {
    readZstdHead(readZstdColumns(recipe).head);
    readRestarts(recipe);
    return true;
  } catch (error) {
    if (error instanceof RecipeError) return false;
    throw error;
  }
}

function isTooLarge(recipe: Recipe): boolean {
  const most = Math.max(ALWAYS_WORTH_BYTES, recipe.streamBytes * MOST_RECIPE_SHARE);
  const unpacked = recipe.columns.reduce((sum, column) => sum + column.length, 0);
  if (unpacked > LARGEST_RECIPE_BYTES - HEAD_BYTES) return true;
  return unpacked > most && encodeRecipe(recipe).length > most;
}

/** A run of no bytes, or of no literals: the byte that is to be repeated does not show in the plain bytes. */
function repeatsNothing({ type, start, end, literals }: DecodedBlock): boolean {
  return (type === "rle" && start === end) || (literals?.type === "rle" && literals.size === 0);
}
