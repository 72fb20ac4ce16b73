import type { CallOptions } from "../../storage/storage-driver.ts";
import type { PackIndex } from "../store/pack-index.ts";
import type { PackStore } from "../store/pack-store.ts";
import type { ReceivedObject } from "../store/receive-object.ts";
import type { OrderSink } from "../threads/dedup-worker.ts";
import { PieceOutput } from "../threads/piece-output.ts";

export interface PackReceiverDeps {
  readonly packs: PackStore;
  readonly index: PackIndex;
  /** Told when packs cannot be stored: then whoever makes them is to stop. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Takes in packs, one after the other. Each is published when the next one has begun, or when it is told that
 * all are wanted: what turns out to be of no use has never been there.
 */
export class PackReceiver implements OrderSink, AsyncDisposable {
  readonly #deps: PackReceiverDeps;
  readonly #taken: (bytes: number) => void;
  readonly #options: CallOptions;
  readonly #onProgress: (bytes: number) => void;
  #output: PieceOutput | undefined;
  #work: Promise<void> = Promise.resolve();
  #last: ReceivedObject | undefined;

  constructor(
    deps: PackReceiverDeps,
    { taken, onProgress }: { taken: (bytes: number) => void; onProgress: (bytes: number) => void },
    options: CallOptions,
  ) {
    this.#deps = deps;
    this.#taken = taken;
    this.#onProgress = onProgress;
    this.#options = options;
  }

  bytes(bytes: Uint8Array): void {
    this.#output ??= this.#begin();
    this.#output.put(bytes);
  }

  cut(): void {
    this.#output?.end();
    this.#output = undefined;
  }

  progress(bytes: number): void {
    this.#onProgress(bytes);
  }

  /** Everything has come, and is wanted. Resolves when all packs are durable and in the index. */
  async publish(): Promise<void> {
    await this.#work;
    await this.#publishLast();
  }

  /** Gives up what was not published. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#output?.fail(new Error("the pack was given up"));
    await this.#work.catch(() => undefined);
    await this.#last?.[Symbol.asyncDispose]();
    this.#last = undefined;
  }

  #begin(): PieceOutput {
    const output = new PieceOutput();
    output.onTaken = this.#taken;
    this.#work = this.#work.then(async () => {
      const { packs } = this.#deps;
      await this.#publishLast();
      this.#last = await packs.receive(output, this.#options);
    });
    this.#work.catch(this.#deps.onFailure);
    return output;
  }

  async #publishLast(): Promise<void> {
    const { packs, index } = this.#deps;
    const received = this.#last;
    if (received === undefined) return;
    this.#last = undefined;
    await using _tidied = received;
    await index.add(await packs.publish(received, this.#options), this.#options);
  }
}
