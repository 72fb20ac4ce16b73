import type { TakeBytes } from "../stream-codec.ts";
import { BrokenStream } from "../stream-errors.ts";
import { GzipHeaderReader } from "./gzip-header.ts";
import { GzipTrailerReader } from "./gzip-trailer.ts";
import { Inflater } from "./inflate/inflater.ts";

/**
 * Decompresses a gzip stream (RFC 1952): one member after the other, and whatever is no member after the
 * last one is passed over. Trailers are not compared with the bytes.
 */
export class GzipDecoder {
  readonly #inflater: Inflater;
  readonly #trailer = new GzipTrailerReader();
  #header = new GzipHeaderReader();
  #state: "header" | "body" | "trailer" | "tail" = "header";
  #members = 0;

  /** @param onPlain is given the plain bytes, in order, to keep */
  constructor(onPlain: TakeBytes) {
    this.#inflater = new Inflater({
      blockStart: () => undefined,
      stretch: (plain) => onPlain(plain),
      blockEnd: () => undefined,
    });
  }

  /** @throws {BrokenStream} {UnsupportedStream} for what no decoder, or this one, takes. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#state !== "tail";) {
      at += this.#take(bytes.subarray(at));
      this.#settle();
    }
  }

  /** Call once. @throws {BrokenStream} when the stream is not complete. */
  end(): void {
    // A lone byte might have been the start of another member; it is a tail.
    const isBetween = this.#state === "header" && this.#header.bytes.length <= 1;
    if (this.#state === "tail" || (isBetween && this.#members > 0)) return;
    throw new BrokenStream("the stream ends early");
  }

  /** @returns how many of the bytes were taken, at least one unless the state is at its end. */
  #take(bytes: Uint8Array): number {
    switch (this.#state) {
      case "header":
        return this.#header.write(bytes);
      case "body":
        return this.#inflater.write(bytes);
      case "trailer":
        return this.#trailer.write(bytes);
      case "tail":
        return bytes.length;
    }
  }

  /** Goes on to what comes next when one part of the stream has ended. */
  #settle(): void {
    if (this.#state === "header") this.#settleHeader();
    else if (this.#state === "body" && this.#inflater.isDone) {
      this.#trailer.reset();
      this.#state = "trailer";
    } else if (this.#state === "trailer" && this.#trailer.isDone) {
      this.#members++;
      this.#header = new GzipHeaderReader();
      this.#state = "header";
    }
  }

  #settleHeader(): void {
    const { state } = this.#header;
    if (state === "done") {
      this.#inflater.reset();
      this.#state = "body";
    } else if (state === "other") {
      if (this.#members === 0) throw new BrokenStream("it is not compressed by gzip");
      this.#state = "tail";
    }
  }
}
