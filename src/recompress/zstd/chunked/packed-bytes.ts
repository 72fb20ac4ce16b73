import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { freeBytes } from "../free-bytes.ts";

const PIECE_BYTES = 256 * 1024;
/** A piece is unpacked into one buffer of its own. */
const WHOLE = { chunkSize: PIECE_BYTES };
const FAST = { ...WHOLE, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Bytes that come bit by bit and are wanted at the end, kept compressed meanwhile, and outside of the heap. */
export class PackedBytes {
  #packed: Uint8Array[] = [];
  /** Made when it is first needed. */
  #open: Buffer | undefined;
  #used = 0;

  get sizeBytes(): number {
    return this.#packed.length * PIECE_BYTES + this.#used;
  }

  /** @param bytes copied */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const open = (this.#open ??= Buffer.allocUnsafeSlow(PIECE_BYTES));
      const piece = bytes.subarray(at, at + PIECE_BYTES - this.#used);
      open.set(piece, this.#used);
      this.#used += piece.length;
      at += piece.length;
      if (this.#used === PIECE_BYTES) this.#pack(open);
    }
  }

  /** All bytes, piece by piece. A piece is borrowed until the next one. */
  *pieces(): Generator<Uint8Array> {
    for (const packed of this.#packed) {
      const piece = zstdDecompressSync(packed, WHOLE);
      yield piece;
      freeBytes(piece);
    }
    if (this.#open !== undefined) yield this.#open.subarray(0, this.#used);
  }

  /** Puts all bytes into `target`, from index `at` on. */
  copyTo(target: Uint8Array, at: number): void {
    let to = at;
    for (const piece of this.pieces()) {
      target.set(piece, to);
      to += piece.length;
    }
  }

  clear(): void {
    this.#packed = [];
    this.#open = undefined;
    this.#used = 0;
  }

  #pack(open: Buffer): void {
    this.#packed.push(zstdCompressSync(open, FAST));
    this.#used = 0;
  }
}
