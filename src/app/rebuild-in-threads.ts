/** Rebuilds a stream by several threads, each from another restart point. */
import type { FileRange } from "../layouts/stored-layer.ts";
import { RecipeError } from "../recompress/recipe-error.ts";
import { decodeRecipe } from "../recompress/recipe.ts";
import { PieceJoiner, planRebuild, type RebuildPiece } from "../recompress/rebuild-plan.ts";
import type { PieceOutput } from "./piece-output.ts";
import { RebuildWorker } from "./rebuild-worker.ts";

/** What to rebuild, and by what means. */
export interface ThreadedRebuild {
  /** As it is stored. Not trusted. */
  readonly recipe: Uint8Array;
  /** Where the plain bytes are: all of them, and no others. */
  readonly plain: FileRange;
  /** At least 1. No more are used than the stream has pieces. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Told the plain bytes that were rebuilt since it was told last. */
  readonly onProgress?: (plainBytes: number) => void;
  /** As `planRebuild` has it; without it, one thread gets the stream whole. */
  readonly leastPieceBytes?: number | undefined;
}

/**
 * Writes a compressed stream again.
 *
 * What comes out is right only if recipe and plain bytes are: compare the digest of the whole. Memory: for
 * each thread its engine, and at most 32 MiB of each of `threads + 1` pieces that wait for their turn.
 *
 * @returns the stream's bytes in order, to keep. Threads end with the iteration, however it ends.
 * @throws {RecipeError} when the recipe is damaged, or is not for these bytes.
 * @throws `signal.reason`; {Error} of the file system.
 */
export async function* rebuildInThreads(
  options: ThreadedRebuild,
): AsyncGenerator<Uint8Array, void, undefined> {
  options.signal.throwIfAborted();
  const recipe = decodeRecipe(options.recipe);
  if (recipe.plainBytes !== options.plain.sizeBytes) {
    throw new RecipeError("the recipe is for plain bytes of another size");
  }
  const pieces = planRebuild(recipe, options.leastPieceBytes ?? leastPieceFor(options.threads));
  await using crew = new RebuildCrew(pieces, options);
  const joiner = new PieceJoiner();
  for (const [index, piece] of pieces.entries()) {
    joiner.begin(piece);
    for await (const bytes of crew.outputOf(index)) {
      const joined = joiner.take(bytes);
      if (joined.length > 0) yield joined;
    }
    joiner.end();
  }
}

/** One thread has nothing to gain from pieces, and would go over what comes before each of them again. */
function leastPieceFor(threads: number): number | undefined {
  return threads === 1 ? Number.POSITIVE_INFINITY : undefined;
}

/** Threads and the pieces they work at. */
class RebuildCrew implements AsyncDisposable {
  readonly #pieces: readonly RebuildPiece[];
  readonly #signal: AbortSignal;
  readonly #workers: readonly RebuildWorker[];
  readonly #idle: RebuildWorker[];
  readonly #outputs = new Map<number, PieceOutput>();
  #begun = 0;
  /** The piece whose bytes are taken. */
  #current = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(pieces: readonly RebuildPiece[], options: ThreadedRebuild) {
    const { recipe, plain, threads, signal, onProgress = () => undefined } = options;
    this.#pieces = pieces;
    this.#signal = signal;
    const onIdle = (worker: RebuildWorker): void => {
      this.#idle.push(worker);
      this.#beginMore();
    };
    const onFailure = (error: unknown): void => this.#fail(error);
    const events = { onIdle, onFailure, onProgress };
    this.#workers = Array.from({ length: Math.min(threads, pieces.length) }, () => {
      return new RebuildWorker({ recipe, plain }, events);
    });
    this.#idle = [...this.#workers];
    signal.addEventListener("abort", this.#stop, { once: true });
    this.#beginMore();
  }

  /** Call for each piece in order, when the one before is taken. */
  outputOf(index: number): PieceOutput {
    this.#outputs.delete(index - 1);
    this.#current = index;
    this.#beginMore();
    const output = this.#outputs.get(index);
    // The piece whose turn it is has always been begun: pieces are begun in order, and none waits for it.
    if (output === undefined) throw new RangeError(`piece ${index} was not begun`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#stop);
    await Promise.all(this.#workers.map(async (worker) => await worker[Symbol.asyncDispose]()));
  }

  readonly #stop = (): void => this.#fail(this.#signal.reason);

  /** One piece more than there are threads may be begun and not yet taken. */
  #beginMore(): void {
    while (this.#begun < this.#pieces.length && this.#mayBeginMore()) {
      const piece = this.#pieces[this.#begun];
      const worker = this.#idle.shift();
      if (piece === undefined || worker === undefined) return;
      const output = worker.begin(this.#begun, piece);
      if (this.#failure !== undefined) output.fail(this.#failure.error);
      this.#outputs.set(this.#begun, output);
      this.#begun += 1;
    }
  }

  #mayBeginMore(): boolean {
    return this.#idle.length > 0 && this.#begun <= this.#current + this.#workers.length;
  }

  /** The first failure counts; others come of it. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const output of this.#outputs.values()) output.fail(error);
  }
}
