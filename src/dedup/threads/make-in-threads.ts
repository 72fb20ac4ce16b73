/** Makes a blob of its chunks by several threads, each from another restart point. */
import type { BlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { RecipeError } from "../../recompress/recipe-error.ts";
import { decodeRecipe } from "../../recompress/recipe.ts";
import { PieceJoiner, planRebuild, type RebuildPiece } from "../../recompress/rebuild-plan.ts";
import { PieceOutput } from "./piece-output.ts";
import type { MakeOrder } from "./thread-messages.ts";
import type { LentWorker, WorkerPool } from "./worker-pool.ts";

/** A stretch of a blob. */
export interface BlobSpan {
  readonly startBytes: number;
  /** The one after the last. */
  readonly endBytes: number;
}

/** What to make, and by what means. */
export interface ThreadedMaking {
  /** As it is stored, and decoded. */
  readonly stored: Uint8Array;
  readonly recipe: BlobRecipe;
  /** Within the blob. */
  readonly span: BlobSpan;
  readonly pool: Pick<WorkerPool, "borrow" | "tryBorrow">;
  /** At least 1. No more are used than the stream has pieces, and than nobody else uses at the moment. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Whether all chunks are read from the store, whatever threads remember of them. */
  readonly isProof?: boolean | undefined;
  /** As `planRebuild` has it. */
  readonly leastPieceBytes?: number | undefined;
}

/**
 * Makes a blob again, or a stretch of it.
 *
 * What comes out is right only if recipe and chunks are: compare the digest of the whole. Memory: for
 * each thread its engine and the frames it keeps, and at most 8 MiB of each of `threads + 1` pieces that wait for their turn.
 *
 * @returns the bytes in order, to keep.
 * @throws {ThreadRefused} {BlobRecipeError} when recipe or chunks are damaged; `signal.reason`.
 */
export async function* makeInThreads(
  options: ThreadedMaking,
): AsyncGenerator<Uint8Array, void, undefined> {
  options.signal.throwIfAborted();
  const { span } = options;
  const { parts, startBytes } = partsOf(options);
  await using crew = new MakingCrew(parts, options);
  let at = startBytes;
  for await (const { bytes, partEnd } of joinedBytes(parts, crew)) {
    const wanted = within(span, bytes, at);
    at += bytes.length;
    if (wanted.length > 0) yield wanted;
    // Whoever is at the end of its work is waited for: to be stopped would end the thread.
    if (at >= span.endBytes && at !== partEnd) return;
  }
}

interface JoinedBytes {
  readonly bytes: Uint8Array;
  /** Where the part ends that they belong to. */
  readonly partEnd: number;
}

async function* joinedBytes(
  parts: readonly Part[],
  crew: MakingCrew,
): AsyncGenerator<JoinedBytes, void, undefined> {
  const joiner = new PieceJoiner();
  for (const [index, { piece, until }] of parts.entries()) {
    const output = crew.outputOf(index);
    if (piece === undefined) {
      for await (const bytes of output) yield { bytes, partEnd: until };
      continue;
    }
    joiner.begin(piece);
    for await (const made of output) {
      yield { bytes: join(joiner, made), partEnd: piece.streamEnd };
    }
    join(joiner);
  }
}

/** What of the bytes, which begin at `at`, belongs to the stretch. */
function within({ startBytes, endBytes }: BlobSpan, bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(Math.max(0, startBytes - at), Math.max(0, endBytes - at));
}

/** A part of the work: a piece of a stream, or a stretch of what has none. */
type Part = Pick<MakeOrder, "piece" | "from" | "until">;

interface Parts {
  readonly parts: readonly Part[];
  /** The first byte of the blob that they make. */
  readonly startBytes: number;
}

/** What has no stream is put together faster than anybody takes it: one thread does. */
function partsOf({ recipe, span, threads, leastPieceBytes }: ThreadedMaking): Parts {
  const { stream, blobBytes, plainBytes } = recipe;
  if (stream === undefined) {
    const parts = [{ piece: undefined, from: span.startBytes, until: span.endBytes }];
    return { parts, startBytes: span.startBytes };
  }
  const isWhole = span.startBytes === 0 && span.endBytes === blobBytes;
  const pieces = planPieces(stream, plainBytes, leastPieceBytes ?? leastPieceFor(threads, isWhole));
  const wanted = pieces.filter(({ streamEnd }) => streamEnd > span.startBytes);
  const needed = wanted.filter(({ streamFrom }) => streamFrom < span.endBytes);
  const first = needed[0];
  if (first === undefined) return { parts: [], startBytes: span.startBytes };
  const before = pieces[pieces.indexOf(first) - 1];
  // The byte that two pieces share is whole only when both are made.
  const isShared = before?.sharesLastByte === true && first.streamFrom === span.startBytes;
  const made = isShared ? [before, ...needed] : needed;
  const parts = made.map((piece) => ({ piece, from: 0, until: blobBytes }));
  return { parts, startBytes: made[0]?.streamFrom ?? 0 };
}

function planPieces(
  stream: Uint8Array,
  plainBytes: number,
  leastPieceBytes: number | undefined,
): readonly RebuildPiece[] {
  try {
    const recipe = decodeRecipe(stream);
    if (recipe.plainBytes === plainBytes) return planRebuild(recipe, leastPieceBytes);
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new BlobRecipeError("how to compress it is damaged", { cause });
  }
  throw new BlobRecipeError("its compression is that of plain bytes of another size");
}

/**
 * One thread has nothing to gain from pieces, and would go over what comes before each of them again; who
 * wants a stretch is served from the nearest restart point.
 */
function leastPieceFor(threads: number, isWhole: boolean): number | undefined {
  if (!isWhole) return 0;
  return threads === 1 ? Number.POSITIVE_INFINITY : undefined;
}

function join(joiner: PieceJoiner, bytes?: Uint8Array): Uint8Array {
  try {
    if (bytes !== undefined) return joiner.take(bytes);
    joiner.end();
    return new Uint8Array(0);
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new BlobRecipeError("its compression makes another blob", { cause });
  }
}

/** Threads and the parts they work at. */
class MakingCrew implements AsyncDisposable {
  readonly #parts: readonly Part[];
  readonly #options: ThreadedMaking;
  readonly #outputs = new Map<number, PieceOutput>();
  readonly #ending = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #begun = 0;
  /** The part whose bytes are taken. */
  #current = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: readonly Part[], options: ThreadedMaking) {
    this.#parts = parts;
    this.#options = options;
    options.signal.addEventListener("abort", this.#stop, { once: true });
    for (let left = Math.min(options.threads, parts.length); left > 0; left--) this.#hire();
  }

  /** Call for each part in order, when the one before is taken. */
  outputOf(index: number): PieceOutput {
    this.#outputs.delete(index - 1);
    this.#current = index;
    const output = this.#outputFor(index);
    this.#hire();
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#stop);
    this.#ending.abort(new Error("nobody takes what is made"));
    await Promise.all(this.#working);
  }

  readonly #stop = (): void => this.#fail(this.#options.signal.reason);

  /** The first thread is waited for; others help when they have nothing else to do. */
  #hire(): void {
    if (this.#working.size >= this.#options.threads || this.#next() === undefined) return;
    const working = this.#work(this.#working.size === 0).catch((error: unknown) => {
      this.#fail(error);
    });
    this.#working.add(working);
    void working.then(() => this.#working.delete(working));
  }

  async #work(mayWait: boolean): Promise<void> {
    const { pool } = this.#options;
    const { signal } = this.#ending;
    using lent = mayWait ? await pool.borrow(signal) : pool.tryBorrow();
    if (lent === undefined) return;
    for (let index = this.#next(); index !== undefined; index = this.#next()) {
      this.#begun += 1;
      await this.#make(index, lent);
    }
  }

  async #make(index: number, { worker }: LentWorker): Promise<void> {
    const part = this.#parts[index];
    if (part === undefined) return;
    const { stored, isProof = false } = this.#options;
    const output = this.#outputFor(index);
    const order: MakeOrder = { kind: "make", recipe: stored, ...part, isProof };
    await worker.run(
      order,
      (taken) => {
        output.onTaken = taken;
        return { bytes: (bytes) => output.put(bytes) };
      },
      this.#ending,
    );
    output.end();
  }

  /** One part more than there are threads may be begun and not yet taken. */
  #next(): number | undefined {
    const isAhead = this.#begun > this.#current + this.#options.threads;
    const isOver = this.#ending.signal.aborted || this.#begun >= this.#parts.length;
    return isAhead || isOver ? undefined : this.#begun;
  }

  #outputFor(index: number): PieceOutput {
    return this.#outputs.getOrInsertComputed(index, () => {
      const output = new PieceOutput();
      if (this.#failure !== undefined) output.fail(this.#failure.error);
      return output;
    });
  }

  /** The first failure counts; others come of it. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#ending.abort(error);
    for (const output of this.#outputs.values()) output.fail(error);
  }
}
