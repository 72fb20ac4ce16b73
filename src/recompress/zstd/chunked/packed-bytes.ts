import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const PIECE_BYTES = 256 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

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

  /** Puts all bytes into `target`, from index `at` on. */
  copyTo(target: Uint8Array, at: number): void {
    for (const [index, packed] of this.#packed.entries()) {
      target.set(zstdDecompressSync(packed), at + index * PIECE_BYTES);
    }
    if (this.#open === undefined) return;
    target.set(this.#open.subarray(0, this.#used), at + this.#packed.length * PIECE_BYTES);
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
