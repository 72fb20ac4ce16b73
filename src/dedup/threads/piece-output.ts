/** Bytes of one piece on their way from the thread that makes them to whoever takes them in order. */
export class PieceOutput implements AsyncIterable<Uint8Array> {
  readonly #waiting: Uint8Array[] = [];
  #state: "open" | "whole" | { readonly error: unknown } = "open";
  #wake: () => void = () => undefined;

  /** Told the size of what was taken. To be set before anything is put. */
  onTaken: (bytes: number) => void = () => undefined;

  put(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#wake();
  }

  /** Nothing more comes. */
  end(): void {
    this.#state = "whole";
    this.#wake();
  }

  /** Whoever takes is told so at once. */
  fail(error: unknown): void {
    this.#state = { error };
    this.#wake();
  }

  /** Throws what it failed with. Iterate once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (typeof this.#state === "object") throw this.#state.error;
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) {
        this.onTaken(bytes.length);
        yield bytes;
      } else if (this.#state === "whole") return;
      else await this.#change();
    }
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    await promise;
  }
}
