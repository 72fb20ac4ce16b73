import type { ColumnWriter } from "../../columns.ts";
import type { TokenPredictor, TokenRestart } from "../token-model.ts";
import { bytesOf } from "./token-bytes.ts";
import { FARTHEST } from "./position-tables.ts";
import type { SegmentBench, SegmentBenches } from "./segment-benches.ts";
import { SEGMENT_BYTES, type Guide } from "./segment-engine.ts";
import { SegmentNotesWriter } from "./segment-notes.ts";
import { SegmentRunner } from "./segment-runner.ts";

/** How much a cold engine is warmed up on, at the least, if there is so much. */
const WARM_UP_BYTES = 4 * SEGMENT_BYTES;

const FREE: Guide = { kind: "free" };

/**
 * Follows the tokens of one member, a whole segment at a time.
 *
 * Bytes that were stored count as literals; but when no token of a segment can be seen the engine runs free.
 */
export class SegmentPredictor implements TokenPredictor {
  readonly restarts: (TokenRestart | undefined)[] = [];
  readonly #benches: SegmentBenches;
  readonly #bench: SegmentBench;
  readonly #runner: SegmentRunner;
  readonly #notes: SegmentNotesWriter;
  readonly #wanted: Uint32Array;
  readonly #follow: Guide;
  /** Tokens of the segment so far, where they lead, whether one is a match, and how many are not stored. */
  #count = 0;
  #wantedTo = 0;
  #hasMatches = false;
  #visible = 0;

  constructor(benches: SegmentBenches, corrections: ColumnWriter) {
    this.#benches = benches;
    this.#bench = benches.borrow();
    const { engine, window, wanted } = this.#bench;
    this.#runner = new SegmentRunner(engine, window, benches.framing);
    this.#wanted = wanted;
    this.#follow = { kind: "follow", tokens: wanted };
    this.#notes = new SegmentNotesWriter(corrections);
  }

  get corrections(): number {
    return this.#notes.count;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    const { window } = this.#bench;
    let taken = 0;
    let tokenAt = 0;
    while (taken < plain.length) {
      this.#makeRoom();
      const { end } = this.#runner;
      const piece = plain.subarray(taken, taken + end - window.end);
      window.append(piece);
      taken += piece.length;
      if (tokens === undefined) this.#wantHidden(piece);
      else tokenAt = this.#want(tokens, tokenAt, end);
      if (window.end === end) this.#run(end);
    }
  }

  end(): void {
    const { window } = this.#bench;
    if (window.end > this.#runner.start) this.#run(window.end);
    this.#notes.end();
    this.#benches.giveBack(this.#bench);
  }

  mark(): void {
    this.restarts.push(this.#restart());
  }

  #makeRoom(): void {
    const before = this.#runner.start;
    this.#runner.makeRoom();
    this.#wantedTo -= before - this.#runner.start;
  }

  #wantHidden(piece: Uint8Array): void {
    this.#wanted.set(piece, this.#count);
    this.#count += piece.length;
    this.#wantedTo += piece.length;
  }

  /** Collects the tokens that begin before `end`. @returns the index after the last one. */
  #want(tokens: Uint32Array, from: number, end: number): number {
    const wanted = this.#wanted;
    let count = this.#count;
    let to = this.#wantedTo;
    let all = 0;
    let index = from;
    for (; to < end && index < tokens.length; index++) {
      const token = tokens[index] ?? 0;
      wanted[count++] = token;
      all |= token;
      to += bytesOf(token);
    }
    this.#count = count;
    this.#wantedTo = to;
    if (all > 255) this.#hasMatches = true;
    this.#visible += index - from;
    return index;
  }

  #run(end: number): void {
    const runner = this.#runner;
    const bytes = end - Math.max(runner.start, runner.emitted);
    const areLiterals = !this.#hasMatches;
    runner.run(end, areLiterals ? FREE : this.#follow);
    const isFlipped = this.#visible > 0 && runner.isWorthless(bytes) !== areLiterals;
    this.#notes.segment({ fixes: runner.engine.trail.fixes, isFlipped });
    this.#count = 0;
    this.#hasMatches = false;
    this.#visible = 0;
  }

  #restart(): TokenRestart | undefined {
    const runner = this.#runner;
    const { start } = runner;
    if (this.#bench.window.end !== start || runner.emitted !== start) return undefined;
    const { sizeBytes, segmentsSince } = this.#notes;
    const isFramed = this.#benches.framing.kind === "blocks";
    const historyBytes = isFramed ? this.#blockHistory() : this.#warmHistory();
    if (historyBytes === undefined) return undefined;
    return { historyBytes, state: [sizeBytes, segmentsSince, isFramed ? 0 : runner.segments] };
  }

  /** A block's encoder knows its history only; within a block nothing is tried. */
  #blockHistory(): number | undefined {
    return this.#runner.isAtBlock ? this.#runner.blockHistoryBytes : undefined;
  }

  /** Warms a cold engine up on what lies before, and compares what it then knows. */
  #warmHistory(): number | undefined {
    const { start, segments, heldBytes, engine } = this.#runner;
    const historyBytes = Math.min(Math.max(WARM_UP_BYTES, heldBytes), segments * SEGMENT_BYTES);
    const cold = this.#bench.cold();
    const runner = new SegmentRunner(cold, this.#bench.window, this.#benches.framing);
    runner.warmUp(start, segments, historyBytes);
    return engine.tables.isAlike(cold.tables, start - FARTHEST) ? historyBytes : undefined;
  }
}
