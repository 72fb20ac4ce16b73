import { ContentCutter, LARGEST_CHUNK_BYTES } from "./content-cutter.ts";

/** Puts a body together again from the pieces it comes in, chunk by chunk. */
export class ChunkCollector {
  readonly #onChunk: (chunk: Uint8Array) => void;
  readonly #cutter = new ContentCutter();
  readonly #held = new Uint8Array(LARGEST_CHUNK_BYTES);
  #heldBytes = 0;

  /** @param onChunk is given each chunk, to copy: its memory is used again */
  constructor(onChunk: (chunk: Uint8Array) => void) {
    this.#onChunk = onChunk;
  }

  /** The next bytes of a body, however they are cut. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const end = this.#cutter.next(bytes, from);
      if (end === undefined) return this.#hold(bytes.subarray(from));
      this.#tell(bytes.subarray(from, end));
      from = end;
    }
  }

  /** The body has ended. The next bytes are those of another one. */
  end(): void {
    if (this.#heldBytes > 0) this.#tell(new Uint8Array(0));
    this.#cutter.begin();
  }

  #hold(bytes: Uint8Array): void {
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
  }

  #tell(rest: Uint8Array): void {
    if (this.#heldBytes === 0) return this.#onChunk(rest);
    this.#hold(rest);
    const chunk = this.#held.subarray(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#onChunk(chunk);
  }
}
