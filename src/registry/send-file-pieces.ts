/** What has to come from the disk: read by other threads, in pieces, some of them ahead of the client. */
import type { Lease } from "./buffer-pool.ts";

/** What was read of a file, in memory that is lent. */
export interface Piece extends Lease {
  /** From the place that was asked for on. Nothing when the file ends there. */
  readonly read: Uint8Array;
}

export interface PendingPiece {
  /** How many bytes were asked for. Fewer come when the file ends, or fails, behind them. */
  readonly wantedBytes: number;
  readonly piece: Promise<Piece>;
}

/** One way to read one file. */
export interface PieceReader {
  /** How many pieces to ask for before one of them is needed. */
  readonly ahead: number;
  /** Begins to read, at most up to `endBytes`. */
  read(startBytes: number, endBytes: number): PendingPiece;
}

/** The pieces of a range, one after the other. Disposing of it waits for those that nobody took. */
export class ReadAhead implements AsyncDisposable {
  readonly #reader: PieceReader;
  readonly #endBytes: number;
  readonly #pending: PendingPiece[] = [];
  #nextBytes: number;
  #isBroken = false;

  constructor(
    reader: PieceReader,
    { startBytes, endBytes }: { readonly startBytes: number; readonly endBytes: number },
  ) {
    this.#reader = reader;
    this.#nextBytes = startBytes;
    this.#endBytes = endBytes;
  }

  /** The first byte that has not been asked for. `undefined` when no more should be: all were, or enough for now. */
  get nextBytes(): number | undefined {
    const isEnough = this.#pending.length >= this.#reader.ahead || this.#isBroken;
    return isEnough || this.#nextBytes >= this.#endBytes ? undefined : this.#nextBytes;
  }

  /** Asks for the piece at {@link nextBytes}. */
  ask(): void {
    const pending = this.#reader.read(this.#nextBytes, this.#endBytes);
    // A failure is looked at when its turn has come, or never.
    pending.piece.catch(() => undefined);
    this.#pending.push(pending);
    this.#nextBytes += pending.wantedBytes;
  }

  /** @returns `undefined` when nothing is pending, or no longer follows the last one. @throws what reading throws. */
  async take(): Promise<Piece | undefined> {
    const pending = this.#isBroken ? undefined : this.#pending.shift();
    if (pending === undefined) return undefined;
    const piece = await pending.piece;
    this.#isBroken = piece.read.byteLength < pending.wantedBytes;
    return piece;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const rest = await Promise.allSettled(this.#pending.map(({ piece }) => piece));
    for (const one of rest) if (one.status === "fulfilled") one.value[Symbol.dispose]();
  }
}
