/**
 * Receives the body of a request: the one place where the bytes of blobs come in.
 *
 * What comes is gathered into blocks, so that hashing and writing cost per block and not per packet; the
 * network fills the next block while the one before is taken. A client begins with small blocks and
 * gets large ones for as long as it fills them quickly: a crowd of slow ones holds little memory.
 */
import type { IncomingMessage } from "node:http";
import { ALIGNMENT_BYTES } from "../os/aligned-memory.ts";
import type { BodyBlocks } from "./body-blocks.ts";
import type { Lease } from "./buffer-pool.ts";
import { ClientGone } from "./client-gone.ts";

/** Who fills a small block in this time gets large ones. */
const QUICK_MS = 100;
/** A block is passed on as it is when it was not filled in this time, and the client is slow. */
const SLOW_MS = 1_000;
/** How long a quick client waits for a large block before it goes on with a small one. */
const PATIENCE_MS = 100;

/** A block that is full, or will not become so. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Goes back when the bytes have been taken. */
  readonly block: Lease | undefined;
}

interface Arrived {
  readonly bytes: Uint8Array;
  /** Whether nobody else has to do with the memory that it lies in. */
  readonly isAlone: boolean;
}

interface Filling {
  readonly block: Lease;
  readonly isLarge: boolean;
  /** Where it is passed on. */
  readonly limitBytes: number;
  readonly openedMs: number;
  sizeBytes: number;
}

type Result = IteratorResult<Uint8Array, undefined>;
type End = { readonly error: unknown } | "complete";

export interface BodyOptions {
  readonly blocks: BodyBlocks;
  /** Called with the length of everything that arrives. */
  readonly onBytes: (lengthBytes: number) => void;
  /** Default: {@link SLOW_MS}. */
  readonly slowMs?: number;
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
  #isQuick = false;
  /** What the reader has now. */
  #taken: Piece | undefined;
  /** What it gets next; nothing is read from the network before it has been taken. */
  #ahead: Piece[] = [];
  #filling: Filling | undefined;
  /** What has arrived and has no block yet: at most what one read brought. */
  #rest: Arrived | undefined;
  /** How much came before what is being filled. */
  #passedBytes = 0;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #slow: NodeJS.Timeout | undefined;
  #queued: Disposable | undefined;
  #end: End | undefined;

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
    giveBack(this.#taken?.block);
    this.#taken = this.#nextPiece();
    if (this.#ahead.length === 0) this.#goOn();
    if (this.#taken !== undefined) {
      return Promise.resolve({ done: false, value: this.#taken.bytes });
    }
    if (this.#end === "complete") return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    this.#waiting = Promise.withResolvers<Result>();
    return this.#waiting.promise;
  }

  /** Ends the reading. What is still on its way is for others to drop. */
  return(): Promise<Result> {
    if (this.#isReading && this.#end === undefined) this.#incoming.pause();
    // First of all: a block that is given back goes to whoever waits.
    this.#leaveQueue();
    const blocks = [this.#taken, ...this.#ahead, this.#filling].map((one) => one?.block);
    this.#taken = undefined;
    this.#ahead = [];
    this.#filling = undefined;
    this.#rest = undefined;
    for (const block of blocks) giveBack(block);
    this.#stop("complete");
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
    this.#gather({ bytes: chunk, isAlone: chunk.byteLength === chunk.buffer.byteLength });
    if (this.#isBehind) this.#incoming.pause();
  };

  readonly #onEnd = (): void => this.#stop("complete");
  readonly #onError = (error: unknown): void => this.#stop({ error });
  readonly #onClose = (): void => this.#stop({ error: new ClientGone() });

  #stop(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#slow);
    this.#leaveQueue();
    this.#incoming.off("data", this.#onData);
    this.#incoming.off("end", this.#onEnd);
    this.#incoming.off("close", this.#onClose);
    // A late failure of a connection that nobody reads from any more is of no interest.
    this.#serve();
  }

  /** @returns `undefined` while there is none, and when there will be none any more. */
  #nextPiece(): Piece | undefined {
    if (this.#ahead.length === 0 && this.#end !== undefined) this.#passOnAll();
    return this.#ahead.shift();
  }

  /** After the end there is no block to wait for. */
  #passOnAll(): void {
    this.#passOn();
    if (this.#rest !== undefined) this.#ahead.push({ bytes: this.#rest.bytes, block: undefined });
    this.#rest = undefined;
  }

  /** With what has arrived already, then with the network. */
  #goOn(): void {
    if (this.#end !== undefined || this.#queued !== undefined) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#gather(rest);
    if (!this.#isBehind) this.#incoming.resume();
  }

  /** Whether something has arrived that nobody takes yet. */
  get #isBehind(): boolean {
    return this.#rest !== undefined || this.#ahead.length > 0;
  }

  #gather({ bytes, isAlone }: Arrived): void {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const filling = this.#ahead.length > 0 ? undefined : (this.#filling ?? this.#open());
      if (filling === undefined) {
        this.#rest = { bytes: rest, isAlone };
        break;
      }
      const fitting = rest.subarray(0, filling.limitBytes - filling.sizeBytes);
      filling.block.bytes.set(fitting, filling.sizeBytes);
      filling.sizeBytes += fitting.byteLength;
      rest = rest.subarray(fitting.byteLength);
      if (filling.sizeBytes === filling.limitBytes) this.#passOnFull(filling);
    }
    if (rest.byteLength === 0 && isAlone) free(bytes);
    this.#serve();
  }

  /** @returns `undefined` while it waits for a large block. */
  #open(): Filling | undefined {
    const { blocks } = this.#options;
    if (!this.#isQuick) return this.#fill(blocks.takeSmall(), false);
    const block = blocks.takeLarge();
    if (block !== undefined) return this.#fill(block, true);
    this.#queue();
    return undefined;
  }

  #fill(block: Lease, isLarge: boolean): Filling {
    // After a piece of odd length, a shorter block brings the next ones to where disks like them.
    const limitBytes = block.bytes.byteLength - (this.#passedBytes % ALIGNMENT_BYTES);
    this.#filling = { block, isLarge, limitBytes, openedMs: performance.now(), sizeBytes: 0 };
    this.#slow ??= setTimeout(this.#onSlow, this.#options.slowMs ?? SLOW_MS).unref();
    return this.#filling;
  }

  #queue(): void {
    const { blocks } = this.#options;
    const goOnWith = (block: Lease, isLarge: boolean): void => {
      this.#leaveQueue();
      this.#fill(block, isLarge);
      this.#goOn();
    };
    const place = blocks.onceFree((block) => goOnWith(block, true));
    const timer = setTimeout(() => goOnWith(blocks.takeSmall(), false), PATIENCE_MS);
    this.#queued = {
      [Symbol.dispose]: () => {
        place[Symbol.dispose]();
        clearTimeout(timer);
      },
    };
  }

  #leaveQueue(): void {
    this.#queued?.[Symbol.dispose]();
    this.#queued = undefined;
  }

  #passOnFull({ openedMs, isLarge }: Filling): void {
    if (!isLarge) this.#isQuick = performance.now() - openedMs < QUICK_MS;
    this.#passOn();
  }

  readonly #onSlow = (): void => {
    this.#slow = undefined;
    if (this.#filling === undefined) return;
    const slowMs = this.#options.slowMs ?? SLOW_MS;
    const leftMs = this.#filling.openedMs + slowMs - performance.now();
    if (leftMs > 1) {
      this.#slow = setTimeout(this.#onSlow, leftMs).unref();
      return;
    }
    this.#isQuick = false;
    this.#passOn();
    this.#serve();
  };

  /** Hands the block on, full or not. */
  #passOn(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    const { block, sizeBytes } = filling;
    this.#passedBytes += sizeBytes;
    this.#ahead.push({ bytes: block.bytes.subarray(0, sizeBytes), block });
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (this.#ahead.length === 0 && this.#end === undefined)) return;
    this.#waiting = undefined;
    waiting.resolve(this.next());
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
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
