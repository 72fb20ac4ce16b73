/** Reads files through the page cache, by other threads. */
import type { FileHandle } from "node:fs/promises";
import type { Lease } from "./buffer-pool.ts";
import type { PendingPiece, Piece, PieceReader } from "./send-file-pieces.ts";

interface Options {
  /** Memory for one piece; its size is the piece's. */
  readonly take: () => Lease;
  /** Is called before each read. */
  readonly onRead: () => void;
}

export class BufferedReader implements PieceReader {
  readonly ahead = 1;
  readonly #handle: FileHandle;
  readonly #options: Options;

  constructor(handle: FileHandle, options: Options) {
    this.#handle = handle;
    this.#options = options;
  }

  read(startBytes: number, endBytes: number): PendingPiece {
    const lease = this.#options.take();
    const wantedBytes = Math.min(lease.bytes.byteLength, endBytes - startBytes);
    this.#options.onRead();
    const place = { handle: this.#handle, startBytes, lengthBytes: wantedBytes };
    return { wantedBytes, piece: readPiece(lease, place) };
  }
}

interface Place {
  readonly handle: FileHandle;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

/** The memory goes back when reading fails, with the piece otherwise. */
export async function readPiece(
  lease: Lease,
  { handle, startBytes, lengthBytes }: Place,
): Promise<Piece> {
  using resources = new DisposableStack();
  const { bytes, reuse } = resources.use(lease);
  const { bytesRead } = await handle.read(bytes, 0, lengthBytes, startBytes);
  const owned = resources.move();
  const read = bytes.subarray(0, bytesRead);
  return { bytes, read, reuse, [Symbol.dispose]: () => owned.dispose() };
}
