import { GzipDecoder } from "./gzip/gzip-decoder.ts";
import type { TakeBytes } from "./stream-codec.ts";
import { BrokenStream } from "./stream-errors.ts";
import { FORMAT_SHOWS_IN_BYTES, formatOf } from "./stream-format.ts";
import type { DecodedBlock } from "./zstd/decoded-block.ts";
import { ZstdDecoder } from "./zstd/decode/zstd-decoder.ts";

/** Decompresses a stream. After an error it must not be used again. */
export interface StreamDecoder {
  /**
   * Takes the next bytes of the stream, however they are cut.
   *
   * @throws {BrokenStream} for what the format forbids, and when the stream is neither gzip nor zstd.
   * @throws {UnsupportedStream} for what this program does not decode, such as zstd with a dictionary.
   */
  write(bytes: Uint8Array): void;
  /** The stream has ended. Call once. @throws {BrokenStream} when it is not complete. */
  end(): void;
}

/**
 * Decompresses what {@link analyseStream} reads, without a look at who wrote it: several times as fast.
 *
 * Only the structure is checked, and zstd's own checksums; not the CRC-32 and the sizes that gzip members
 * end with. Whoever needs proof compares a digest.
 *
 * @param onPlain is given the plain bytes, in order, to keep
 */
export function decodeStream(onPlain: TakeBytes): StreamDecoder {
  return new SniffingDecoder(onPlain);
}

/** Looks at the first four bytes to tell the format. */
class SniffingDecoder implements StreamDecoder {
  readonly #onPlain: TakeBytes;
  readonly #head = new Uint8Array(FORMAT_SHOWS_IN_BYTES);
  #held = 0;
  #decoder: StreamDecoder | undefined;

  constructor(onPlain: TakeBytes) {
    this.#onPlain = onPlain;
  }

  write(bytes: Uint8Array): void {
    if (this.#decoder !== undefined) {
      this.#decoder.write(bytes);
      return;
    }
    const taken = Math.min(bytes.length, FORMAT_SHOWS_IN_BYTES - this.#held);
    this.#head.set(bytes.subarray(0, taken), this.#held);
    this.#held += taken;
    if (this.#held < FORMAT_SHOWS_IN_BYTES) return;
    this.#decoder = decoderFor(this.#head, this.#onPlain);
    this.#decoder.write(this.#head);
    this.#decoder.write(bytes.subarray(taken));
  }

  end(): void {
    if (this.#decoder === undefined) throw new BrokenStream("the stream ends early");
    this.#decoder.end();
  }
}

/** With its window, which may be large, given back at the end. */
class ZstdPlainDecoder implements StreamDecoder {
  readonly #decoder: ZstdDecoder;

  constructor(onPlain: TakeBytes) {
    const nothing = (): void => undefined;
    const block = ({ start, end }: DecodedBlock): void => {
      if (end > start) onPlain(this.#decoder.window.bytes.subarray(start, end));
    };
    this.#decoder = new ZstdDecoder({
      frame: nothing,
      block,
      frameEnd: nothing,
      skippable: nothing,
    });
  }

  write(bytes: Uint8Array): void {
    this.#decoder.write(bytes);
  }

  end(): void {
    this.#decoder.end();
    this.#decoder.release();
  }
}

function decoderFor(head: Uint8Array, onPlain: TakeBytes): StreamDecoder {
  const format = formatOf(head);
  if (format === undefined) throw new BrokenStream("it is neither gzip nor zstd");
  return format === "gzip" ? new GzipDecoder(onPlain) : new ZstdPlainDecoder(onPlain);
}
