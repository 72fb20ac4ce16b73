import type { FinderRun, RunBlock } from "./finder-run.ts";
import type { SequenceFinder } from "./sequence-finder.ts";

const MEBIBYTE = 1024 * 1024;
/** Plain bytes from one restart to the next, at least. */
const SPACING_BYTES = 64 * MEBIBYTE;
/** A finder has to run for as long as matches reach, and longer, to come to another's state: at least this. */
const WARM_UP_BYTES = 2 * MEBIBYTE;
/** In a shorter frame the next one, whose start is a restart without any proof, is soon there. */
const LONG_FRAME_BYTES = 8 * MEBIBYTE;
const CHECK_EVERY_BYTES = MEBIBYTE;
/** A try is in vain when it has come to nothing after twice the window and this. */
const PATIENCE_BYTES = 32 * MEBIBYTE;
/** After as many vain tries the search for restarts ends. */
const MOST_FAILURES = 8;

/** How far apart restarts are, for tests with short streams. */
export interface RestartSpacing {
  readonly spacingBytes: number;
  /** Beyond the window. */
  readonly warmUpBytes: number;
  /** What a frame has to have before a restart within it is looked for. 0 by default. */
  readonly longFrameBytes?: number;
}

const USUAL_SPACING: RestartSpacing = {
  spacingBytes: SPACING_BYTES,
  warmUpBytes: WARM_UP_BYTES,
  longFrameBytes: LONG_FRAME_BYTES,
};

/**
 * Looks for places where a rebuild can begin.
 *
 * The start of a frame is one. Within a frame a second finder is set to work, with empty tables, a while
 * before the place. It chooses freely, as a rebuild's will, and cannot see anything before. Once its state
 * is that of the real finder, the two are bound to choose alike for ever: that is the place.
 */
export class RestartScout {
  readonly #run: FinderRun;
  readonly #blockBytes: number;
  readonly #spacing: RestartSpacing;
  #last = 0;
  #frameStart = 0;
  #shadow: SequenceFinder | undefined;
  #shadowFrom = 0;
  #nextCheck = 0;
  #failures = 0;

  /** @param blockBytes of a usual block: a rebuild can find no others before it knows where it is */
  constructor(run: FinderRun, blockBytes: number, spacing: RestartSpacing = USUAL_SPACING) {
    this.#run = run;
    this.#blockBytes = blockBytes;
    this.#spacing = spacing;
  }

  /**
   * A frame begins at the run's position.
   *
   * @param isPossible whether a restart can be there
   * @returns whether there is to be one.
   */
  frameStart(isPossible: boolean): boolean {
    this.#drop();
    const { position } = this.#run;
    this.#frameStart = position;
    if (!isPossible || position - this.#last < this.#spacing.spacingBytes) return false;
    this.#last = position;
    this.#failures = 0;
    return true;
  }

  /**
   * A block that is not its frame's first begins at the run's position.
   *
   * @returns from which plain byte on a rebuild has to work to begin here; `undefined` when it cannot.
   */
  blockStart(): number | undefined {
    if (this.#shadow === undefined) {
      this.#begin();
      return undefined;
    }
    const { position } = this.#run;
    const isFarEnough = position - this.#last >= this.#spacing.spacingBytes;
    if (!isFarEnough || position < this.#nextCheck) return undefined;
    return this.#check(this.#shadow);
  }

  /** The run is about to go behind this block. */
  follow(block: RunBlock): void {
    if (this.#shadow === undefined) return;
    if (block.sizeBytes !== this.#blockBytes) {
      this.#drop();
      return;
    }
    this.#run.findWith(this.#shadow, { ...block, frameStart: this.#shadowFrom }, { kind: "free" });
  }

  get #warmUpBytes(): number {
    return this.#run.windowBytes + this.#spacing.warmUpBytes;
  }

  #begin(): void {
    const { position } = this.#run;
    const isEarly = position - this.#last < this.#spacing.spacingBytes - this.#warmUpBytes;
    const isYoung = position - this.#frameStart < (this.#spacing.longFrameBytes ?? 0);
    if (isEarly || isYoung || this.#failures >= MOST_FAILURES) return;
    this.#shadow = this.#run.createFinder();
    this.#run.join(this.#shadow);
    this.#shadowFrom = position;
    this.#nextCheck = position + this.#warmUpBytes;
  }

  #check(shadow: SequenceFinder): number | undefined {
    const { position } = this.#run;
    this.#nextCheck = position + CHECK_EVERY_BYTES;
    if (this.#run.isMatchedBy(shadow)) {
      this.#last = position;
      this.#failures = 0;
      this.#drop();
      return this.#shadowFrom;
    }
    if (position - this.#shadowFrom >= 2 * this.#run.windowBytes + PATIENCE_BYTES) {
      this.#failures++;
      this.#drop();
    }
    return undefined;
  }

  #drop(): void {
    if (this.#shadow !== undefined) this.#run.leave(this.#shadow);
    this.#shadow = undefined;
  }
}
