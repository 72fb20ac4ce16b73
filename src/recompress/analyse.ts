import type { EngineMemory } from "./engine-memory.ts";
import { GzipAnalyser } from "./gzip/gzip-analyser.ts";
import type { Outcome } from "./outcome.ts";
import type { StreamAnalyser, TakeBytes } from "./stream-codec.ts";
import { FORMAT_SHOWS_IN_BYTES, formatOf } from "./stream-format.ts";
import { ZstdAnalyser } from "./zstd/zstd-analyser.ts";

/**
 * Reads a stream that may be compressed and finds its recipe.
 *
 * @param onPlain is given the plain bytes, in order, to keep; none of a stream that is not compressed
 * @param memory for engines: what is done in turn does with the memory of one
 */
export function analyseStream(onPlain: TakeBytes, memory?: EngineMemory): StreamAnalyser {
  return new SniffingAnalyser(onPlain, memory);
}

/** Looks at the first four bytes to tell the format. */
class SniffingAnalyser implements StreamAnalyser {
  readonly #onPlain: TakeBytes;
  readonly #memory: EngineMemory | undefined;
  readonly #head = new Uint8Array(FORMAT_SHOWS_IN_BYTES);
  #held = 0;
  #analyser: StreamAnalyser | undefined;
  #isOther = false;

  constructor(onPlain: TakeBytes, memory: EngineMemory | undefined) {
    this.#onPlain = onPlain;
    this.#memory = memory;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOther) return false;
    if (this.#analyser !== undefined) return this.#analyser.write(bytes);
    const taken = Math.min(bytes.length, FORMAT_SHOWS_IN_BYTES - this.#held);
    this.#head.set(bytes.subarray(0, taken), this.#held);
    this.#held += taken;
    return this.#held < FORMAT_SHOWS_IN_BYTES || this.#begin(bytes.subarray(taken));
  }

  end(): Outcome {
    if (this.#analyser !== undefined) return this.#analyser.end();
    return { kind: "raw", reason: { kind: "not-compressed", text: "it is not compressed" } };
  }

  #begin(rest: Uint8Array): boolean {
    this.#analyser = this.#analyserFor(this.#head);
    this.#isOther = this.#analyser === undefined;
    if (this.#analyser === undefined) return false;
    return this.#analyser.write(this.#head) && this.#analyser.write(rest);
  }

  #analyserFor(head: Uint8Array): StreamAnalyser | undefined {
    const [onPlain, memory] = [this.#onPlain, this.#memory];
    const format = formatOf(head);
    if (format === "gzip") return new GzipAnalyser({ onPlain });
    return format === "zstd" ? new ZstdAnalyser({ onPlain, memory }) : undefined;
  }
}
