import type { ByteRange } from "../../src/storage/storage-driver.ts";

/** Largest piece that a reader gets at once. */
const PIECE_BYTES = 256 * 1024;

/** Bytes in pieces, much as they came: appending never copies what is there. */
export class ByteList {
  readonly #pieces: Uint8Array[] = [];
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps a copy: the caller may change its own. */
  append(bytes: Uint8Array): void {
    const kept = new Uint8Array(bytes);
    for (let at = 0; at < kept.byteLength; at += PIECE_BYTES) {
      this.#pieces.push(kept.subarray(at, at + PIECE_BYTES));
    }
    this.#sizeBytes += bytes.byteLength;
  }

  /** What is there now; bytes appended later are not among them. Each piece is a copy. */
  *read({ startBytes, lengthBytes = Infinity }: ByteRange): Iterable<Uint8Array> {
    const endBytes = Math.min(startBytes + lengthBytes, this.#sizeBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      const from = Math.max(0, startBytes - at);
      const to = Math.min(piece.byteLength, endBytes - at);
      if (from < to) yield new Uint8Array(piece.subarray(from, to));
      at += piece.byteLength;
      if (at >= endBytes) return;
    }
  }
}
