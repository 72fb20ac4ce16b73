import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { CompiledWindow } from "../../../src/recompress/zstd/finders/compiled-window.ts";
import type {
  FinderModel,
  FinderReach,
} from "../../../src/recompress/zstd/finders/finder-model.ts";
import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import type { Guide, SequenceFinder } from "../../../src/recompress/zstd/sequence-finder.ts";

/** Room for blocks behind the window that a finder needs. */
const ROOM_BYTES = 300_000;

/** What a finder chose, or why it did not. */
export interface Found {
  readonly sequences: Int32Array;
  readonly fixes: readonly number[];
  readonly refusal: string | undefined;
}

/** A compiled finder and its oracle, which go through the same plain bytes. */
export class FinderPair {
  readonly windowSize: number;
  readonly oracle: SequenceFinder;
  readonly twin: SequenceFinder;
  readonly #windows: readonly PlainWindow[];
  #frameStart = 0;

  constructor(model: FinderModel, reach: FinderReach) {
    const capacity = reach.windowSize + ROOM_BYTES;
    const compiled = createWindow(model, capacity);
    if (!(compiled instanceof CompiledWindow)) throw new Error(`${model.speed} is not compiled`);
    const plain = new PlainWindow(capacity);
    this.windowSize = reach.windowSize;
    this.#windows = [plain, compiled];
    this.oracle = createFinder(model, plain, reach);
    this.twin = createFinder(model, compiled, reach);
  }

  /** How many bytes can be forgotten. */
  get spare(): number {
    return Math.max((this.#windows[0]?.end ?? 0) - this.windowSize, 0);
  }

  /** A frame begins here. */
  beginFrame(): void {
    this.#frameStart = this.#windows[0]?.end ?? 0;
  }

  slide(by: number): void {
    for (const window of this.#windows) window.slide(by);
    this.oracle.slide(by);
    this.twin.slide(by);
    this.#frameStart -= by;
  }

  /** The next block. @returns what the oracle and what the twin chose */
  find(block: Uint8Array, guide: Guide, isOnlyBlock = false): readonly Found[] {
    const free = this.#windows[0]?.free ?? 0;
    if (free < block.length) this.slide(this.spare);
    for (const window of this.#windows) window.append(block);
    const end = this.#windows[0]?.end ?? 0;
    const start = end - block.length;
    const span = { start, end, frameStart: this.#frameStart, isOnlyBlock };
    return [this.oracle, this.twin].map((finder) => {
      const refusal = refusalOf(() => finder.find(span, guide));
      if (refusal !== undefined) return { sequences: new Int32Array(0), fixes: [], refusal };
      const sequences = finder.sequences.slice(0, 3 * finder.count);
      return { sequences, fixes: [...finder.fixes], refusal };
    });
  }
}

function refusalOf(find: () => void): string | undefined {
  try {
    find();
    return undefined;
  } catch (error) {
    if (error instanceof RecipeError) return error.message;
    throw error;
  }
}
