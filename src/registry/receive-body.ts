/**
 * Receives the body of a request: the one place where the bytes of blobs come in.
 *
 * What a quick client sends is gathered into blocks, which the network goes on filling while the ones
 * before are hashed and written. What comes slowly, or while all blocks are lent, is passed on as it
 * came: a crowd of slow clients holds no blocks.
 */
import type { IncomingMessage } from "node:http";
import { ALIGNMENT_BYTES, type AllocateShared } from "../os/aligned-memory.ts";
import { ClientGone } from "./client-gone.ts";
import { BufferPool, type Lease } from "./buffer-pool.ts";

/** Writes of this size are as good as larger ones, to disks and to other threads. */
const BLOCK_BYTES = 1024 * 1024;
/** All that bodies may take in blocks: 32 MiB. */
const MAX_BLOCKS = 32;
const MAX_IDLE_BLOCKS = 8;
/** A client that sends so much at once is worth a block. TLS never brings more at once. */
const QUICK_BYTES = 16 * 1024;
/** How far the network may be ahead of the store. */
const AHEAD_BYTES = 2 * BLOCK_BYTES;
/** A block to which nothing was added for so long is passed on as it is. */
const STALE_MS = 1_000;

/** What all bodies of a server share. `allocate` makes memory that other threads and disks can use as it is. */
export function createBlocks(allocate: AllocateShared): BufferPool {
  const sizes = { sizeBytes: BLOCK_BYTES, maxLent: MAX_BLOCKS, maxIdle: MAX_IDLE_BLOCKS };
  return new BufferPool({ ...sizes, allocate });
}

/** Bytes on their way to the store; those of a block go back when they have been taken. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly block: Lease | undefined;
}

interface Filling {
  readonly block: Lease;
  /** Where it is passed on. */
  readonly limitBytes: number;
  sizeBytes: number;
}

type Result = IteratorResult<Uint8Array, undefined>;

export interface BodyOptions {
  /** See {@link createBlocks}. */
  readonly blocks: BufferPool;
  /** Called with the length of everything that arrives. */
  readonly onBytes: (lengthBytes: number) => void;
  /** Default: {@link STALE_MS}. */
  readonly staleMs?: number;
}

/**
 * The pieces of a body, in order, for one reader. A piece holds until the next one is asked for: its
 * memory is used again then. Nothing is read before the first is asked for. Throws when the client
 * goes away before the end; what had arrived comes before that. Leaving early keeps the connection.
 */
export class ReceivedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #incoming: IncomingMessage;
  readonly #options: BodyOptions;
  #isReading = false;
  #ahead: Piece[] = [];
  #aheadBytes = 0;
  #filling: Filling | undefined;
  /** How much came before what is being filled. */
  #passedBytes = 0;
  /** What the reader has now. */
  #taken: Piece | undefined;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #stale: NodeJS.Timeout | undefined;
  #end: { readonly error: unknown } | "complete" | undefined;

  constructor(incoming: IncomingMessage, options: BodyOptions) {
    this.#incoming = incoming;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Not to be called again before it has settled. */
  next(): Promise<Result> {
    this.#begin();
    this.#giveBack();
    if (this.#ahead.length === 0 && this.#end !== undefined) this.#passOn();
    const piece = this.#ahead.shift();
    if (piece === undefined) return this.#wait();
    this.#aheadBytes -= piece.bytes.byteLength;
    if (this.#aheadBytes < AHEAD_BYTES) this.#incoming.resume();
    return Promise.resolve(this.#hand(piece));
  }

  /** Ends the reading. What is still on its way is for others to drop. */
  return(): Promise<Result> {
    if (this.#isReading && this.#end === undefined) this.#incoming.pause();
    this.#stop("complete");
    this.#giveBack();
    for (const piece of this.#ahead) giveBack(piece.block);
    giveBack(this.#filling?.block);
    this.#ahead = [];
    this.#filling = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  #begin(): void {
    if (this.#isReading || this.#end !== undefined) return;
    this.#isReading = true;
    const incoming = this.#incoming;
    if (incoming.destroyed && !incoming.readableEnded) {
      this.#stop({ error: new ClientGone() });
      return;
    }
    incoming.on("data", this.#onData);
    incoming.once("end", this.#onEnd);
    incoming.once("error", this.#onError);
    incoming.once("close", this.#onClose);
    incoming.resume();
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#options.onBytes(chunk.byteLength);
    this.#gather(chunk);
    if (this.#aheadBytes >= AHEAD_BYTES) this.#incoming.pause();
    this.#serve();
  };

  readonly #onEnd = (): void => this.#stop("complete");
  readonly #onError = (error: unknown): void => this.#stop({ error });
  readonly #onClose = (): void => this.#stop({ error: new ClientGone() });

  #stop(end: { readonly error: unknown } | "complete"): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#stale);
    this.#incoming.off("data", this.#onData);
    this.#incoming.off("end", this.#onEnd);
    this.#incoming.off("close", this.#onClose);
    // A late failure of a connection that nobody reads from any more is of no interest.
    this.#serve();
  }

  #gather(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const filling = this.#filling ?? this.#openBlock(chunk.byteLength);
      if (filling === undefined) {
        this.#append({ bytes: rest, block: undefined });
        return;
      }
      const fitting = rest.subarray(0, filling.limitBytes - filling.sizeBytes);
      filling.block.bytes.set(fitting, filling.sizeBytes);
      filling.sizeBytes += fitting.byteLength;
      rest = rest.subarray(fitting.byteLength);
      if (filling.sizeBytes === filling.limitBytes) this.#passOn();
    }
    this.#stale?.refresh();
    free(chunk);
  }

  #openBlock(arrivedBytes: number): Filling | undefined {
    if (arrivedBytes < QUICK_BYTES) return undefined;
    const block = this.#options.blocks.take();
    if (block === undefined) return undefined;
    // After small pieces, a short block brings the next ones to where disks like them.
    const limitBytes = block.bytes.byteLength - (this.#passedBytes % ALIGNMENT_BYTES);
    this.#filling = { block, sizeBytes: 0, limitBytes };
    this.#stale ??= setTimeout(this.#onStale, this.#options.staleMs ?? STALE_MS).unref();
    return this.#filling;
  }

  readonly #onStale = (): void => {
    this.#stale = undefined;
    this.#passOn();
    this.#serve();
  };

  /** Hands the block on, full or not. */
  #passOn(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    const { block, sizeBytes } = filling;
    this.#append({ bytes: block.bytes.subarray(0, sizeBytes), block });
  }

  #append(piece: Piece): void {
    this.#ahead.push(piece);
    this.#aheadBytes += piece.bytes.byteLength;
    this.#passedBytes += piece.bytes.byteLength;
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (this.#ahead.length === 0 && this.#end === undefined)) return;
    this.#waiting = undefined;
    waiting.resolve(this.next());
  }

  #wait(): Promise<Result> {
    if (this.#end === "complete") return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    this.#waiting = Promise.withResolvers<Result>();
    return this.#waiting.promise;
  }

  #hand(piece: Piece): Result {
    this.#taken = piece;
    return { done: false, value: piece.bytes };
  }

  #giveBack(): void {
    giveBack(this.#taken?.block);
    this.#taken = undefined;
  }
}

function giveBack(block: Lease | undefined): void {
  block?.reuse();
  block?.[Symbol.dispose]();
}

/**
 * Gives the memory of a chunk that was copied back at once: left to the collector, the chunks of a large
 * body cost it more than all that is done with them.
 */
function free({ buffer, byteLength }: Uint8Array): void {
  const isWhole = byteLength === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
