/** What comes next from a source: bytes, its end, or the reason why there will be no more. */
export type Arrival =
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "broken"; readonly error: unknown };

/**
 * Pulls bytes from a source one chunk at a time. A source that never answers does not hold up an
 * abort: the wait ends at once, and `error` is then the signal's own reason.
 *
 * A chunk is the receiver's until the next one is asked for: the source may write into it then.
 */
export class Incoming implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  #onAbort: (() => void) | undefined;
  #isWaiting = false;
  #isOver = false;

  /** Nothing is pulled yet. Disposing closes the source. */
  constructor(source: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#source = source[Symbol.asyncIterator]();
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  readonly #abort = (): void => this.#onAbort?.();

  /** Never rejects. To be called again only when it has resolved with a chunk. */
  async next(): Promise<Arrival> {
    if (this.#signal.aborted) return { kind: "broken", error: this.#signal.reason };
    this.#isWaiting = true;
    const { promise, resolve } = Promise.withResolvers<Arrival>();
    this.#onAbort = () => resolve({ kind: "broken", error: this.#signal.reason });
    Promise.try(() => this.#source.next()).then(
      (result) => {
        this.#isWaiting = false;
        resolve(this.#arrivalOf(result));
      },
      (error: unknown) => {
        this.#isWaiting = false;
        this.#isOver = true;
        resolve({ kind: "broken", error });
      },
    );
    const arrival = await promise;
    this.#onAbort = undefined;
    return arrival;
  }

  #arrivalOf(result: IteratorResult<Uint8Array>): Arrival {
    if (result.done !== true) return { kind: "chunk", bytes: result.value };
    this.#isOver = true;
    return { kind: "end" };
  }

  /** Closes the source; a source that still owes an answer is told so but not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#abort);
    if (this.#isOver) return;
    const closed = this.#source.return?.().catch(ignoreLateFailure);
    if (!this.#isWaiting) await closed;
  }
}

/** Why the bytes ended is known already; what the source says to its being closed adds nothing. */
function ignoreLateFailure(): undefined {
  return undefined;
}
