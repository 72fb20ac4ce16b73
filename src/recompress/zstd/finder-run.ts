import type { PlainWindow } from "../plain-window.ts";
import type { EngineMemory } from "../engine-memory.ts";
import { LARGEST_BLOCK_BYTES } from "./limits.ts";
import type { Guide, SequenceFinder } from "./sequence-finder.ts";
import type { ZstdEngine } from "./zstd-engines.ts";

const MEBIBYTE = 1024 * 1024;
/** Beyond what matches reach, the window has room for this much, so that it need not slide for each block. */
const LEAST_ROOM_BYTES = MEBIBYTE + 2 * LARGEST_BLOCK_BYTES;
const MOST_ROOM_BYTES = 4 * MEBIBYTE;

/** How a run begins. */
export interface FinderRunOptions {
  readonly windowBytes: number;
  /** Of encoders that work in jobs. */
  readonly jobBytes?: number | undefined;
  /** Where in the plain stream it begins, 0 by default. */
  readonly plainAt?: number;
  /** Where the run has its memory from, and gives it back to. */
  readonly memory?: EngineMemory | undefined;
}

/** The next block that a run finds. */
export interface RunBlock {
  readonly sizeBytes: number;
  /** In the plain stream. */
  readonly frameStart: number;
  readonly isOnlyBlock: boolean;
}

/**
 * An engine at work on a stream, block after block, with the window it needs.
 *
 * Analysis and rebuild both go through here, so that the finder sees the same.
 */
export class FinderRun {
  readonly #engine: ZstdEngine;
  #options: FinderRunOptions;
  #window: PlainWindow;
  #finder: SequenceFinder;
  /** Where in the window the next block begins. */
  #next = 0;
  readonly #companions = new Set<SequenceFinder>();
  #isResting = false;

  constructor(engine: ZstdEngine, options: FinderRunOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#window = createWindow(engine, options);
    this.#finder = this.createFinder();
  }

  get finder(): SequenceFinder {
    return this.#finder;
  }

  /** How far back matches reach. */
  get windowBytes(): number {
    return this.#options.windowBytes;
  }

  /** Where in the plain stream the next block begins. */
  get position(): number {
    return this.#window.slid + this.#next;
  }

  /** Plain bytes that were appended and belong to no block so far. */
  get pendingBytes(): number {
    return this.#window.end - this.#next;
  }

  /** How many bytes can be appended. */
  get free(): number {
    return this.#window.free;
  }

  /** Makes room for the largest block, unless several are pending. To be called before bytes are appended. */
  makeRoom(): void {
    if (this.#isResting) this.#begin(this.windowBytes);
    const by = this.#next - this.windowBytes;
    if (by > 0 && this.#window.free < LARGEST_BLOCK_BYTES) this.#slide(by);
  }

  /**
   * A frame begins with the next block, and none before it can be matched any more. Where there is much of that it goes
   * at once: so a large window takes memory for frames that fill it only.
   */
  startFrame(): void {
    if (this.#next >= MOST_ROOM_BYTES && !this.#isResting) this.#slide(this.#next);
  }

  /** @param plain at most `free` bytes; they are copied */
  append(plain: Uint8Array): void {
    this.#window.append(plain);
  }

  /** @returns the next plain bytes: a view until the run goes on. */
  pending(sizeBytes: number): Uint8Array {
    return this.#window.bytes.subarray(this.#next, this.#next + sizeBytes);
  }

  /** Finds the next block's sequences. The block stays the next one. */
  find(block: RunBlock, guide: Guide): void {
    this.findWith(this.#finder, block, guide);
  }

  /** As {@link find}, for a companion. */
  findWith(finder: SequenceFinder, block: RunBlock, guide: Guide): void {
    if (block.sizeBytes === 0) return;
    finder.find(
      {
        start: this.#next,
        end: this.#next + block.sizeBytes,
        frameStart: block.frameStart - this.#window.slid,
        isOnlyBlock: block.isOnlyBlock,
      },
      guide,
    );
  }

  /** Goes behind the next block. */
  advance(sizeBytes: number): void {
    this.#next += sizeBytes;
  }

  /** Takes a larger window. At the start of a frame only: what lies before is forgotten. */
  grow(windowBytes: number): void {
    const pending = this.pending(this.pendingBytes).slice();
    this.#giveBack();
    this.#begin(windowBytes);
    this.#window.append(pending);
  }

  /**
   * Gives its memory back until the next bytes come. Between two frames, and with no bytes pending: what lies
   * before is forgotten.
   */
  rest(): void {
    this.#giveBack();
    this.#isResting = true;
  }

  /** Has another finder of the same engine slide along. */
  join(companion: SequenceFinder): void {
    this.#companions.add(companion);
  }

  /** Undoes {@link join}: the finder is not used any more. */
  leave(companion: SequenceFinder): void {
    this.#companions.delete(companion);
    companion.release();
  }

  /** @returns whether `companion` is bound to choose as the run's own finder from the next block on. */
  isMatchedBy(companion: SequenceFinder): boolean {
    const oldest = Math.max(this.#next - this.windowBytes, 0);
    return this.#finder.isInStateOf(companion, oldest);
  }

  /** The run is not used any more, nor any of its finders: others may have its memory. */
  release(): void {
    this.#giveBack();
  }

  /** @returns another finder with empty tables on the same window. */
  createFinder(jobBytes = this.#options.jobBytes): SequenceFinder {
    const { windowBytes: windowSize } = this.#options;
    return this.#engine.finder(
      this.#window,
      jobBytes === undefined ? { windowSize } : { windowSize, jobBytes },
    );
  }

  #slide(by: number): void {
    this.#window.slide(by);
    this.#finder.slide(by);
    for (const companion of this.#companions) companion.slide(by);
    this.#next -= by;
  }

  #giveBack(): void {
    if (this.#isResting) return;
    this.#companions.clear();
    this.#finder.release();
    this.#options.memory?.add(this.#window);
  }

  #begin(windowBytes: number): void {
    this.#options = { ...this.#options, windowBytes, plainAt: this.position };
    this.#window = createWindow(this.#engine, this.#options);
    this.#next = 0;
    this.#finder = this.createFinder();
    this.#isResting = false;
  }

  /** Goes on with a finder that works in jobs in place of the one so far. */
  workInJobs(finder: SequenceFinder, jobBytes: number): void {
    this.#companions.delete(finder);
    this.#finder.release();
    this.#finder = finder;
    this.#options = { ...this.#options, jobBytes };
  }
}

function createWindow(engine: ZstdEngine, options: FinderRunOptions): PlainWindow {
  const { windowBytes, plainAt, memory } = options;
  const room = Math.min(Math.max(windowBytes, LEAST_ROOM_BYTES), MOST_ROOM_BYTES);
  const window = engine.window(windowBytes + room, memory);
  window.slid = plainAt ?? 0;
  return window;
}
