import { ColumnWriter } from "../columns.ts";
import type { StreamRecorder } from "./stream-recorder.ts";

/** Blocks may be empty, and frames too: as many blocks and skippable frames are kept at most, */
const MOST_ITEMS = 8192;
/** and so much of what stands in skippable frames. */
const MOST_SKIPPABLE_BYTES = 4 * 1024 * 1024;

/** To be told once the engine is known. */
type Replay = (recorder: StreamRecorder) => void;

/** The parts of a stream that come before it is known which engine wrote them. */
export class KeptParts {
  #parts: Replay[] = [];
  #items = 0;
  /** Of the skippable frame that has not ended. */
  #skippable: ColumnWriter | undefined;
  #skippableStart = 0;
  #skippableBytes = 0;

  /** Whether an engine has to be chosen now, by whatever has been seen. It does not depend on how bytes were cut. */
  get isFull(): boolean {
    return this.#items >= MOST_ITEMS || this.#skippableBytes > MOST_SKIPPABLE_BYTES;
  }

  /** The start or the end of a frame. */
  border(replay: Replay): void {
    this.#parts.push(replay);
  }

  block(replay: Replay): void {
    this.#items++;
    this.#parts.push(replay);
  }

  /** As a {@link StreamRecorder} is told; copied. */
  skippable(bytes: Uint8Array, isLast: boolean, streamByte: number): void {
    if (this.#skippable === undefined) {
      this.#items++;
      this.#skippableStart = streamByte;
      this.#skippable = new ColumnWriter();
    }
    this.#skippable.raw(bytes);
    this.#skippableBytes += bytes.length;
    if (isLast) this.#keepSkippable(isLast);
  }

  /** Tells all there is, a skippable frame as far as it has come. */
  replay(recorder: StreamRecorder): void {
    this.#keepSkippable(false);
    for (const replay of this.#parts) replay(recorder);
    this.clear();
  }

  clear(): void {
    this.#parts = [];
    this.#skippable = undefined;
  }

  #keepSkippable(isLast: boolean): void {
    const kept = this.#skippable?.written().slice();
    if (kept === undefined) return;
    const streamByte = this.#skippableStart;
    this.#skippable = undefined;
    this.#parts.push((recorder) => recorder.skippable(kept, isLast, streamByte));
  }
}
