import type { EngineMemory } from "./engine-memory.ts";
import { GzipAnalyser } from "./gzip/gzip-analyser.ts";
import type { Outcome } from "./outcome.ts";
import type { StreamAnalyser, TakeBytes } from "./stream-codec.ts";
import { ZstdAnalyser } from "./zstd/zstd-analyser.ts";

const MAGIC_BYTES = 4;

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
  readonly #head = new Uint8Array(MAGIC_BYTES);
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
    const taken = Math.min(bytes.length, MAGIC_BYTES - this.#held);
    this.#head.set(bytes.subarray(0, taken), this.#held);
    this.#held += taken;
    return this.#held < MAGIC_BYTES || this.#begin(bytes.subarray(taken));
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

  /** RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2. */
  #analyserFor(head: Uint8Array): StreamAnalyser | undefined {
    const [onPlain, memory] = [this.#onPlain, this.#memory];
    if (head[0] === 0x1f && head[1] === 0x8b) return new GzipAnalyser({ onPlain });
    const magic = new DataView(head.buffer).getUint32(0, true);
    const isZstd = magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5;
    return isZstd ? new ZstdAnalyser({ onPlain, memory }) : undefined;
  }
}
