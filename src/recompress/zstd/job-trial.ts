import type { FinderRun, RunBlock } from "./finder-run.ts";
import type { Guide, SequenceFinder } from "./sequence-finder.ts";
import type { JobSettings } from "./zstd-head.ts";

/** A job is four windows long, at least half a mebibyte. */
const WINDOWS_IN_JOB = 4;
const LEAST_JOB_BYTES = 512 * 1024;
/** For how long after the end of the first job an encoder with jobs may look like one without. */
const PATIENCE_BYTES = 8 * 1024 * 1024;

/**
 * Finds out whether the encoder works in jobs: klauspost/compress since 1.19, when it is asked to.
 *
 * Up to the end of the first job nothing shows. From there on a second finder that does work in jobs goes
 * along, until the two do not agree about a block. Then the one that was corrected less goes on alone.
 */
export class JobTrial {
  readonly #run: FinderRun;
  #inJobs: SequenceFinder | undefined;
  #settings: JobSettings | undefined;
  #isDecided: boolean;

  /** @param mayWorkInJobs whether there is anything to find out */
  constructor(run: FinderRun, mayWorkInJobs: boolean) {
    this.#run = run;
    this.#isDecided = !mayWorkInJobs;
  }

  /** What the trial came to, so far. */
  get jobs(): JobSettings | undefined {
    return this.#isDecided ? this.#settings : undefined;
  }

  /** Whether the run's own finder tells all about its state. */
  get isOver(): boolean {
    return this.#inJobs === undefined && this.jobs === undefined;
  }

  /** Whether the run's own finder is the one that a rebuild will have, as far as is known. */
  get isSettled(): boolean {
    return this.#inJobs === undefined;
  }

  /** Has the run find a block. @returns what had to be corrected. */
  find(block: RunBlock, guide: Guide): readonly number[] {
    if (!this.#isDecided) this.#watchBorder(block);
    this.#run.find(block, guide);
    const fixes = fixesOf(this.#run.finder, block, guide);
    if (this.#inJobs === undefined) return fixes;
    this.#run.findWith(this.#inJobs, block, guide);
    return this.#judge(fixes, fixesOf(this.#inJobs, block, guide));
  }

  #watchBorder({ frameStart }: RunBlock): void {
    const jobBytes = Math.max(WINDOWS_IN_JOB * this.#run.windowBytes, LEAST_JOB_BYTES);
    const done = this.#run.position - frameStart;
    if (done === 0 || done > jobBytes + PATIENCE_BYTES) this.#drop();
    if (done !== jobBytes || this.#inJobs !== undefined) return;
    this.#inJobs = this.#run.createFinder(jobBytes);
    this.#run.join(this.#inJobs);
    this.#settings = { jobBytes, from: this.#run.position };
  }

  #judge(fixes: readonly number[], inJobs: readonly number[]): readonly number[] {
    if (fixes.length === inJobs.length && fixes.every((value, at) => value === inJobs[at])) {
      return fixes;
    }
    this.#isDecided = true;
    if (inJobs.length >= fixes.length) {
      this.#drop();
      return fixes;
    }
    if (this.#inJobs !== undefined && this.#settings !== undefined) {
      this.#run.workInJobs(this.#inJobs, this.#settings.jobBytes);
      this.#inJobs = undefined;
    }
    return inJobs;
  }

  #drop(): void {
    if (this.#inJobs !== undefined) this.#run.leave(this.#inJobs);
    this.#inJobs = undefined;
    this.#settings = undefined;
  }
}

function fixesOf(finder: SequenceFinder, block: RunBlock, guide: Guide): readonly number[] {
  return guide.kind === "follow" && block.sizeBytes > 0 ? finder.fixes : [];
}
