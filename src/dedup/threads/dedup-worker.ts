import { Worker } from "node:worker_threads";
import {
  type FromThread,
  isFromThread,
  type ReadPlace,
  type ThreadData,
  type ThreadFault,
  type ThreadOrder,
  type ThreadResult,
  type ToThread,
} from "./thread-messages.ts";

/** A thread could not do what it was told, for a reason that lies in the store. */
export class ThreadRefused extends Error {
  readonly kind = "ThreadRefused";
  readonly fault: ThreadFault;

  constructor(fault: ThreadFault) {
    super("text" in fault ? fault.text : `${fault.kind}: ${fault.id}`);
    this.fault = fault;
  }
}

/** What comes of an order while it is carried out. Nothing of it may throw. */
export interface OrderSink {
  /** @param bytes to keep. Each must be told as taken, sooner or later: a thread runs ahead only so far. */
  bytes(bytes: Uint8Array): void;
  /** The bytes so far are a whole. */
  cut?(): void;
  /** So many bytes of the blob more were read. */
  progress?(bytes: number): void;
}

/** How a thread reaches the store. */
export interface ThreadSurroundings {
  /** @returns so many bytes from there on; fewer only at the object's end. `undefined` when it is not there. */
  readonly read: (
    place: ReadPlace,
    range: { readonly startBytes: number; readonly lengthBytes: number },
  ) => Promise<Uint8Array | undefined>;
  /** Told of each frame that is damaged, also where the chunk was found elsewhere. */
  readonly onDamaged: (pack: string, at: number) => void;
}

interface Running {
  readonly sink: OrderSink;
  readonly done: PromiseWithResolvers<ThreadResult>;
}

/** A thread that carries out one order after the other. It keeps no process alive. */
export class DedupWorker implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #surroundings: ThreadSurroundings;
  #running: Running | undefined;
  #lastIndex = 0;
  #end: { readonly error: unknown } | undefined;

  constructor(url: URL, data: ThreadData, surroundings: ThreadSurroundings) {
    this.#surroundings = surroundings;
    this.#worker = new Worker(url, { workerData: data });
    this.#worker.unref();
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("a thread for blobs has ended")));
    this.#worker.on("message", (message: unknown) => {
      if (isFromThread(message)) this.#hear(message);
      else this.#fail(new TypeError("not the message of a thread for blobs"));
    });
  }

  /** Whether it can be given no more orders. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Only when the order before has settled. An abort ends the thread with what it is doing.
   * @param makeSink is given what tells the thread how many bytes were taken.
   * @throws {ThreadRefused} `signal.reason`; an error of the thread, which has ended then.
   */
  async run(
    order: ThreadOrder,
    makeSink: (taken: (bytes: number) => void) => OrderSink,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ThreadResult> {
    signal.throwIfAborted();
    if (this.#end !== undefined) throw this.#end.error;
    const index = (this.#lastIndex += 1);
    const done = Promise.withResolvers<ThreadResult>();
    const sink = makeSink((bytes) => this.#tell({ kind: "taken", index, bytes }));
    this.#running = { sink, done };
    const stop = (): void => this.#fail(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#worker.ref();
    this.#tell({ kind: "order", index, order });
    try {
      return await done.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#running = undefined;
      this.#worker.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error("the thread was ended"));
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#running?.done.reject(error);
    void this.#worker.terminate();
  }

  #hear(message: FromThread): void {
    if (message.kind === "damaged") this.#surroundings.onDamaged(message.pack, message.at);
    else if (message.kind === "read") void this.#give(message);
    // What comes of an order that was given up is nobody's.
    else if (this.#running !== undefined) tell(this.#running, message);
  }

  async #give({ read, place, at, sizeBytes }: FromThread & { kind: "read" }): Promise<void> {
    try {
      const range = { startBytes: at, lengthBytes: sizeBytes };
      const bytes = await this.#surroundings.read(place, range);
      if (bytes === undefined) {
        const text = `${place.kind === "pack" ? place.name : place.digest} is not there`;
        this.#tell({ kind: "not-given", read, isGone: true, text });
      } else this.#tell({ kind: "given", read, bytes }, bytes);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#tell({ kind: "not-given", read, isGone: false, text });
    }
  }

  #tell(message: ToThread, given?: Uint8Array): void {
    if (this.#end !== undefined) return;
    const isWhole = given?.byteLength === given?.buffer.byteLength;
    const buffer = given?.buffer;
    const transfer = isWhole && buffer instanceof ArrayBuffer ? [buffer] : [];
    this.#worker.postMessage(message, transfer);
  }
}

function tell(
  { sink, done }: Running,
  message: Exclude<FromThread, { kind: "damaged" | "read" }>,
): void {
  switch (message.kind) {
    case "bytes":
      return sink.bytes(message.bytes);
    case "cut":
      return sink.cut?.();
    case "progress":
      return sink.progress?.(message.bytes);
    case "done":
      return done.resolve(message.result);
    case "failed":
      return done.reject(new ThreadRefused(message.fault));
  }
}
