import { Worker } from "node:worker_threads";
import { RecipeError } from "../recompress/recipe-error.ts";
import type { RebuildPiece } from "../recompress/rebuild-plan.ts";
import { entryUrl } from "./entries.ts";
import { PieceOutput } from "./piece-output.ts";
import {
  isRebuildNews,
  type RebuildNews,
  type RebuildOrder,
  type RebuildTask,
} from "./rebuild-messages.ts";

/** Told what becomes of a thread. */
export interface WorkerEvents {
  /** It has done its piece and can take another. */
  readonly onIdle: (worker: RebuildWorker) => void;
  /** It is of no more use. */
  readonly onFailure: (error: unknown) => void;
  readonly onProgress: (plainBytes: number) => void;
}

/** A thread that rebuilds pieces of one stream, one after the other. */
export class RebuildWorker implements AsyncDisposable {
  readonly #events: WorkerEvents;
  readonly #worker: Worker;
  #output: PieceOutput | undefined;

  constructor(task: RebuildTask, events: WorkerEvents) {
    this.#events = events;
    this.#worker = new Worker(entryUrl("rebuild-thread"), { workerData: task });
    this.#worker.on("error", (error) => events.onFailure(error));
    this.#worker.on("exit", () => events.onFailure(new Error("a thread that rebuilds has ended")));
    this.#worker.on("message", (message: unknown) => {
      try {
        if (!isRebuildNews(message)) throw new TypeError("not the news of a rebuild");
        this.#hear(message);
      } catch (error) {
        events.onFailure(error);
      }
    });
  }

  /** Only while it has nothing to do. @param index of the piece, which tells it from others */
  begin(index: number, piece: RebuildPiece): PieceOutput {
    const output = new PieceOutput((bytes) => this.#tell({ kind: "taken", index, bytes }));
    this.#output = output;
    this.#tell({ kind: "piece", index, piece });
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(news: RebuildNews): void {
    switch (news.kind) {
      case "bytes":
        this.#output?.put(news.bytes);
        return;
      case "progress":
        this.#events.onProgress(news.plainBytes);
        return;
      case "done":
        this.#output?.end();
        this.#output = undefined;
        this.#events.onIdle(this);
        return;
      case "refused":
        this.#events.onFailure(new RecipeError(news.text));
    }
  }

  #tell(order: RebuildOrder): void {
    this.#worker.postMessage(order);
  }
}
