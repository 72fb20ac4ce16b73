import type { ColumnReader } from "../../columns.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { ProduceRange, TokenProducer, TokenRestart } from "../token-model.ts";
import { FARTHEST } from "./position-tables.ts";
import { bytesOf } from "./token-bytes.ts";
import type { SegmentBench, SegmentBenches } from "./segment-benches.ts";
import { SEGMENT_BYTES, type Guide } from "./segment-engine.ts";
import { type SegmentNote, SegmentNotesReader } from "./segment-notes.ts";
import { HELD_BYTES, SegmentRunner } from "./segment-runner.ts";

const FREE: Guide = { kind: "free" };
/** Bytes of corrections before the place, segments since the last of them, segments before the place. */
const STATE_NUMBERS = 3;
/** Larger than a segment, small enough for fast arithmetic. */
const FAR = 1 << 20;
/** RFC 1951 section 3.2.5. */
const LONGEST_TOKEN_BYTES = 258;

/** Chooses the tokens of one member again, a whole segment at a time, and hands them out in pieces. */
export class SegmentProducer implements TokenProducer {
  readonly #benches: SegmentBenches;
  readonly #bench: SegmentBench;
  readonly #runner: SegmentRunner;
  readonly #notes: SegmentNotesReader;
  readonly #restart: TokenRestart | undefined;
  #isReady: boolean;
  #isEnded = false;
  #position = 0;
  /** The segment's tokens that are left. */
  #tokens: Uint32Array;
  #next = 0;
  #count = 0;
  /** Bytes of a token that was passed over in part. */
  #splitBytes = 0;
  /** The bench may be somebody else's. */
  #isDone = false;

  /** @throws {RecipeError} when the corrections or the restart make no sense. */
  constructor(benches: SegmentBenches, corrections: ColumnReader, restart?: TokenRestart) {
    if (restart !== undefined) checkRestart(restart, benches.framing.kind === "blocks");
    corrections.raw(restart?.state[0] ?? 0);
    this.#notes = new SegmentNotesReader(corrections, restart?.state[1]);
    this.#benches = benches;
    this.#bench = benches.borrow();
    const { engine, window, wanted } = this.#bench;
    this.#runner = new SegmentRunner(engine, window, benches.framing);
    this.#tokens = wanted;
    this.#restart = restart;
    this.#isReady = restart === undefined;
    this.#runner.startAtBlock(restart?.historyBytes ?? 0);
  }

  get free(): number {
    return this.#isDone ? 0 : this.#bench.window.free + this.#runner.slidable;
  }

  get position(): number {
    return this.#position;
  }

  take(plain: Uint8Array): void {
    const { window } = this.#bench;
    if (plain.length > window.free) this.#runner.slide();
    window.append(plain);
  }

  end(): void {
    this.#isEnded = true;
    this.#checkEnd();
  }

  produce(tokens: Uint32Array, { from, to, untilByte }: ProduceRange): number {
    let index = from;
    while (index < to && this.#position < untilByte) {
      if (this.#splitBytes > 0)
        throw new RecipeError("a block begins within a token of the block before");
      if (this.#next === this.#count && !this.#run()) break;
      index = this.#copy(tokens, { from: index, to, untilByte });
    }
    this.#finish();
    return index;
  }

  pass(untilByte: number): void {
    while (this.#position < untilByte) {
      if (this.#splitBytes === 0 && this.#next === this.#count && !this.#run()) return;
      this.#skip(Math.min(untilByte - this.#position, FAR));
    }
    this.#finish();
  }

  #copy(tokens: Uint32Array, { from, to, untilByte }: ProduceRange): number {
    const source = this.#tokens;
    const count = this.#count;
    const most = Math.min(untilByte - this.#position, FAR);
    let next = this.#next;
    let index = from;
    let bytes = 0;
    while (index < to && next < count && bytes < most) {
      const token = source[next++] ?? 0;
      tokens[index++] = token;
      bytes += bytesOf(token);
    }
    this.#next = next;
    this.#position += bytes;
    return index;
  }

  /** Leaves out tokens of `most` bytes, or all that are left of the segment. */
  #skip(most: number): void {
    const tokens = this.#tokens;
    let bytes = this.#splitBytes;
    while (bytes < most && this.#next < this.#count) {
      const token = tokens[this.#next++] ?? 0;
      bytes += bytesOf(token);
    }
    this.#splitBytes = Math.max(bytes - most, 0);
    this.#position += Math.min(bytes, most);
  }

  /** @returns whether there was a whole segment to run. */
  #run(): boolean {
    const { window, wanted } = this.#bench;
    const runner = this.#runner;
    if (this.#isDone || (!this.#isReady && !this.#warmUp())) return false;
    if (!this.#hasSegment()) return false;
    const end = Math.min(runner.end, window.end);
    const start = Math.max(runner.start, runner.emitted);
    const note = this.#notes.segment();
    this.#next = 0;
    runner.run(end, guideFrom(note));
    if (!runner.engine.trail.isSettled)
      throw new RecipeError("a correction lies beyond its segment");
    if (runner.isWorthless(end - start) === note.isFlipped) {
      this.#tokens = runner.engine.trail.tokens;
      this.#count = runner.engine.trail.count;
    } else {
      runner.emitted = Math.max(start, end);
      wanted.set(window.bytes.subarray(start, end));
      this.#tokens = wanted;
      this.#count = Math.max(end - start, 0);
    }
    if (this.#isEnded) this.#checkEnd();
    return true;
  }

  /** A correction may lead beyond its segment, by less than the longest token: those bytes must be there. */
  #hasSegment(): boolean {
    const { end } = this.#bench.window;
    const { start, end: segmentEnd } = this.#runner;
    return this.#isEnded ? end > start : end >= segmentEnd + LONGEST_TOKEN_BYTES;
  }

  #warmUp(): boolean {
    const { historyBytes, state } = this.#restart ?? { historyBytes: 0, state: [] };
    if (this.#bench.window.end < historyBytes) return false;
    if (this.#benches.framing.kind === "none")
      this.#runner.warmUp(historyBytes, state[2] ?? 0, historyBytes);
    this.#isReady = true;
    return true;
  }

  /** When the last token is out, the bench goes back. */
  #finish(): void {
    if (this.#isDone || !this.#isEnded || this.#next < this.#count) return;
    if (this.#bench.window.end > this.#runner.start) return;
    this.#isDone = true;
    this.#benches.giveBack(this.#bench);
  }

  /** When all segments were run, all corrections must have been used. */
  #checkEnd(): void {
    const { window } = this.#bench;
    if (window.end > this.#runner.start) return;
    if (!this.#notes.isAtEnd) throw new RecipeError("a correction lies beyond the end");
    if (this.#runner.emitted > window.end && this.#isReady)
      throw new RecipeError("a token leads beyond the end");
  }
}

function guideFrom({ fixes }: SegmentNote): Guide {
  return fixes.length === 0 ? FREE : { kind: "replay", fixes };
}

function checkRestart({ historyBytes, state }: TokenRestart, isFramed: boolean): void {
  if (state.length !== STATE_NUMBERS)
    throw new RecipeError("a restart is not that of a segment model");
  const segments = state[2] ?? 0;
  if (historyBytes > (isFramed ? FARTHEST : HELD_BYTES))
    throw new RecipeError("a restart's history is too long");
  if (!isFramed && segments * SEGMENT_BYTES < historyBytes) {
    throw new RecipeError("a restart has more history than lies before it");
  }
}
