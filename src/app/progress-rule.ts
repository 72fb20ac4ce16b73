/**
 * Cuts connections whose client has stopped: it sends no more of a body, or takes no more of an answer.
 *
 * There is no limit to how long a request may take, since an upload over a thin link takes hours. What
 * counts is that something moves while the server waits for the client. Time in which the client waits
 * for the server does not count, however long it is.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../observability/logger.ts";
import type { Connections } from "./connections.ts";
import { readSendQueues } from "./send-queues.ts";

/** How long a client may be waited for while less than {@link LEAST_BYTES} move. */
export const PROGRESS_WINDOW_MS = 60_000;
/** A link that moves this much in a window is thin, not dead. */
export const LEAST_BYTES = 1024;
const LOOKS_PER_WINDOW = 12;

export interface ProgressOptions {
  readonly log: Logger;
  /** Default: {@link PROGRESS_WINDOW_MS}. */
  readonly windowMs?: number;
  /** Bytes that the connection of an answer has moved so far, either way. Default: {@link bytesMoved}. */
  readonly bytesMoved?: (outgoing: ServerResponse) => number;
  /** Default: {@link readSendQueues}. */
  readonly readSendQueues?: typeof readSendQueues;
}

/** A request that runs, since the last time that enough had moved or its client was not waited for. */
interface Watched {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  sinceMs: number;
  movedBytes: number;
  /** What the client has acknowledged of bytes that had been written before. */
  drainedBytes: number;
  queuedBytes: number | undefined;
}

/** Decides; {@link enforceProgress} tells it of requests and of the time. Times are those of any one clock. */
export class ProgressRule {
  readonly #windowMs: number;
  readonly #log: Logger;
  readonly #bytesMoved: (outgoing: ServerResponse) => number;
  readonly #readSendQueues: typeof readSendQueues;
  readonly #watched = new Set<Watched>();

  constructor(options: ProgressOptions) {
    this.#windowMs = options.windowMs ?? PROGRESS_WINDOW_MS;
    this.#log = options.log;
    this.#bytesMoved = options.bytesMoved ?? bytesMoved;
    this.#readSendQueues = options.readSendQueues ?? readSendQueues;
  }

  /** Until the answer is out and the request has been read to its end. */
  watch(incoming: IncomingMessage, outgoing: ServerResponse, nowMs: number): void {
    const watched: Watched = { incoming, outgoing, ...this.#fresh(outgoing, nowMs) };
    this.#watched.add(watched);
    if (outgoing.closed) this.#leave(watched);
    else outgoing.once("close", () => this.#leave(watched));
  }

  #leave(watched: Watched): void {
    const { incoming } = watched;
    if (incoming.complete || incoming.destroyed) this.#watched.delete(watched);
    else incoming.once("close", () => this.#watched.delete(watched));
  }

  /** Looks at everything that runs, and cuts what has stopped. Call it several times in a window. */
  async check(nowMs: number): Promise<void> {
    const still = [...this.#watched].filter((watched) => !this.#hasMoved(watched, nowMs));
    const unsent = still
      .map(({ incoming }) => incoming.socket)
      .filter(({ writableLength }) => writableLength > 0);
    // The kernel takes new bytes only when a good part of its buffer is free: on a thin link that may
    // be longer than a window, and still the client takes them all the time.
    const queues = unsent.length > 0 ? await this.#readSendQueues(unsent) : undefined;
    for (const watched of still) {
      const hasDrained = addDrained(watched, queues?.get(watched.incoming.socket)) >= LEAST_BYTES;
      if (hasDrained) Object.assign(watched, this.#fresh(watched.outgoing, nowMs, watched));
      else if (nowMs - watched.sinceMs >= this.#windowMs) this.#cut(watched);
    }
  }

  /** Begins a new window if so. */
  #hasMoved(watched: Watched, nowMs: number): boolean {
    const { outgoing, movedBytes } = watched;
    const isEnough = this.#bytesMoved(outgoing) - movedBytes >= LEAST_BYTES;
    if (!isEnough && waitsForClient(watched)) return false;
    Object.assign(watched, this.#fresh(outgoing, nowMs));
    return true;
  }

  #fresh(
    outgoing: ServerResponse,
    sinceMs: number,
    { queuedBytes }: Partial<Watched> = {},
  ): Omit<Watched, "incoming" | "outgoing"> {
    return { sinceMs, movedBytes: this.#bytesMoved(outgoing), drainedBytes: 0, queuedBytes };
  }

  #cut(watched: Watched): void {
    const { incoming } = watched;
    // Reading the queues takes a moment, in which it may have ended.
    const isOver = !this.#watched.has(watched) || incoming.socket.destroyed;
    if (isOver || !waitsForClient(watched)) return;
    this.#log.info("cut a connection whose client had stopped sending or reading", {
      "http.request.method": incoming.method,
      "http.request.uri": incoming.url,
      "http.request.remoteaddr": incoming.socket.remoteAddress,
      window: `${this.#windowMs}ms`,
    });
    incoming.socket.destroy();
  }
}

/** What node has read of the connection, and what it has handed to the kernel. */
export function bytesMoved({ req: { socket } }: ServerResponse): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

/** Bytes that have arrived and that nobody has read yet are the server's matter, not the client's. */
function waitsForClient({ incoming }: Watched): boolean {
  const isReading = !incoming.complete && incoming.readableLength === 0;
  return isReading || incoming.socket.writableLength > 0;
}

/** @returns how much the queue of the kernel has shrunk in this window. */
function addDrained(watched: Watched, queuedBytes: number | undefined): number {
  if (watched.queuedBytes !== undefined && queuedBytes !== undefined) {
    watched.drainedBytes += Math.max(0, watched.queuedBytes - queuedBytes);
  }
  watched.queuedBytes = queuedBytes;
  return watched.drainedBytes;
}

export interface EnforceOptions extends ProgressOptions {
  /** Of the server. */
  readonly connections: Connections;
}

/**
 * Watches what it finds running when it looks, several times in a window: most requests are over before
 * it sees them. One timer, which keeps no process alive; disposing it stops that.
 */
export function enforceProgress(options: EnforceOptions): Disposable {
  const { connections, log, windowMs = PROGRESS_WINDOW_MS } = options;
  const rule = new ProgressRule(options);
  const known = new WeakSet<ServerResponse>();
  const watchNew = (nowMs: number): void => {
    for (const answer of [...connections].flatMap(({ unfinished }) => unfinished)) {
      if (known.has(answer)) continue;
      known.add(answer);
      rule.watch(answer.req, answer, nowMs);
    }
  };
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const nowMs = performance.now();
      watchNew(nowMs);
      await rule.check(nowMs);
    } catch (error) {
      log.error("connections could not be looked through for clients that stopped", { error });
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), windowMs / LOOKS_PER_WINDOW);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
