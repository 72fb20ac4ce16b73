import { RecipeError } from "../../recipe-error.ts";
import type { WasmFunction } from "../../wasm-instance.ts";
import type { BlockSpan, Guide, SequenceFinder } from "../sequence-finder.ts";
import { LARGEST_BLOCK_BYTES } from "./block-cursor.ts";
import type { CompiledWindow, FinderPlace } from "./compiled-window.ts";
import type { FinderReach } from "./finder-model.ts";
import { placeInJob } from "./jobs.ts";
import { LiteralBits } from "./literal-bits.ts";
import { NUMBERS_OF_FIX, NUMBERS_OF_SEQUENCE } from "./sequence-log.ts";

const GUIDES = { free: 0, follow: 1, replay: 2 } as const;
/** Compared with no sequence's index, so that a fix of that index is never taken. */
const NO_INDEX = -1;
/** As a length. */
const REFUSED = -1;
const FAULTS = [
  undefined,
  "a sequence is longer than its block",
  "a sequence without an offset",
] as const;

/**
 * A finder in WebAssembly: chooses exactly what its twin in TypeScript chooses.
 *
 * Window, tables and sequences lie in the module's memory, and whatever sequences or fixes it is given, it stays
 * inside. It stores positions in its tables, at hashes that are cut to the size of the table. It stores
 * sequences one after the other, and each leads three bytes further at least, to no farther than the block's
 * end: those proposed because compares end there, those given because they are refused otherwise; the
 * block's size is checked here. It loads from positions that lie between the floor and the place of the search:
 * tables hold other positions, too, but none is looked at that is not in between.
 */
export class CompiledFinder implements SequenceFinder {
  readonly #window: CompiledWindow;
  readonly #place: FinderPlace;
  readonly #reach: FinderReach;
  readonly #enter: WasmFunction;
  readonly #find: WasmFunction;
  readonly #countFound: WasmFunction;
  readonly #notedCount: WasmFunction;
  readonly #indexOverlap: WasmFunction;
  readonly #forget: WasmFunction;
  readonly #lower: WasmFunction;
  readonly #agree: WasmFunction;
  readonly #reckon: WasmFunction | undefined;
  readonly #literals = new LiteralBits();
  #isReleased = false;
  count = 0;
  fixes: readonly number[] = [];

  /** @param place taken from the window, to be given back by {@link release} */
  constructor(window: CompiledWindow, place: FinderPlace, reach: FinderReach) {
    this.#window = window;
    this.#place = place;
    this.#reach = reach;
    this.#enter = window.run("enter");
    this.#find = window.run("find");
    this.#countFound = window.run("count");
    this.#notedCount = window.run("notedCount");
    this.#indexOverlap = window.run("indexOverlap");
    this.#forget = window.run("forgetPositions");
    this.#lower = window.run("lowerPositions");
    this.#agree = window.run("agreeFrom");
    this.#reckon = window.speed.reckonsLiterals ? window.run("reckon") : undefined;
    this.#forget(place.tables, window.tableBytes);
  }

  get sequences(): Int32Array {
    return this.#place.sequences;
  }

  /**
   * @throws {RangeError} when the block is larger than blocks may be, or not in the window.
   * @throws {RecipeError} when a fix does not fit into the block.
   */
  find(span: BlockSpan, guide: Guide): void {
    const { start, end } = span;
    const { windowSize } = this.#reach;
    const size = end - start;
    const isInside = start >= 0 && end <= this.#window.end && !this.#isReleased;
    if (size < 0 || size > LARGEST_BLOCK_BYTES || !isInside) {
      throw new RangeError(`a block of ${size} bytes`);
    }
    this.#enter(this.#place.at, windowSize);
    const floor = Math.max(this.#enterJob(span), start - windowSize, 0);
    const given = this.#give(guide);
    this.#reckonLiterals(span);
    const kind = GUIDES[guide.kind];
    const fault = FAULTS[this.#find(start, end, floor, span.isOnlyBlock ? 1 : 0, kind, given)];
    if (fault !== undefined) throw new RecipeError(fault);
    this.count = this.#countFound();
    this.fixes = guide.kind === "follow" ? this.#noted(given) : [];
  }

  slide(by: number): void {
    this.#lower(this.#place.tables, this.#window.tableBytes, by);
  }

  isInStateOf(other: SequenceFinder, from: number): boolean {
    if (!(other instanceof CompiledFinder) || other.#window !== this.#window) return false;
    const { tableBytes } = this.#window;
    return this.#agree(this.#place.tables, other.#place.tables, tableBytes, from) === 1;
  }

  release(): void {
    if (!this.#isReleased) this.#window.giveBack(this.#place);
    this.#isReleased = true;
  }

  /** @returns the oldest position that the block may be matched with */
  #enterJob(span: BlockSpan): number {
    const { jobBytes, windowSize } = this.#reach;
    const { overlapShare } = this.#window.speed;
    const { floor, overlapFrom } = placeInJob(span, { jobBytes, windowSize, overlapShare });
    if (overlapFrom !== undefined) {
      this.#forget(this.#place.tables, this.#window.tableBytes);
      this.#indexOverlap(overlapFrom, span.start);
    }
    return floor;
  }

  #reckonLiterals({ start, end }: BlockSpan): void {
    if (this.#reckon === undefined || start === end) return;
    this.#reckon(this.#literals.estimate(this.#window.bytes.subarray(start, end)));
  }

  /** @returns how many sequences or fixes are given. More than a block can have are left out. */
  #give(guide: Guide): number {
    const { given } = this.#window;
    if (guide.kind === "free") return 0;
    if (guide.kind === "replay") return giveFixes(given, guide.fixes);
    const most = Math.floor(Math.min(guide.sequences.length, given.length) / NUMBERS_OF_SEQUENCE);
    const count = Math.min(guide.count, most);
    given.set(guide.sequences.subarray(0, NUMBERS_OF_SEQUENCE * count));
    return count;
  }

  #noted(realCount: number): readonly number[] {
    const { given, noted } = this.#window;
    const fixes: number[] = [];
    for (const index of noted.subarray(0, this.#notedCount())) {
      const at = NUMBERS_OF_SEQUENCE * index;
      const real = index < realCount ? given.subarray(at, at + NUMBERS_OF_SEQUENCE) : [0, 0, 0];
      fixes.push(index, ...real);
    }
    return fixes;
  }
}

function giveFixes(given: Int32Array, fixes: readonly number[]): number {
  const count = Math.min(Math.ceil(fixes.length / NUMBERS_OF_FIX), given.length / NUMBERS_OF_FIX);
  for (let at = 0; at < NUMBERS_OF_FIX * count; at += NUMBERS_OF_FIX) {
    const [index = NO_INDEX, ...sequence] = fixes.slice(at, at + NUMBERS_OF_FIX);
    given[at] = index === (index | 0) ? index : NO_INDEX;
    giveSequence(given.subarray(at + 1, at + NUMBERS_OF_FIX), sequence);
  }
  return count;
}

/**
 * Numbers that are none of 32 bits are cut, as those in a finder's sequences are. Three that become 0 only then
 * do not say that the block ends: they are refused.
 */
function giveSequence(given: Int32Array, sequence: readonly number[]): void {
  given.fill(0);
  given.set(sequence);
  const saysNothing = given.every((value) => value === 0);
  if (saysNothing && sequence.some((value) => value !== 0)) given.fill(REFUSED);
}
