import { BLOCK_BYTES, NotTar } from "../../tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../../tar/tar-walker.ts";

/**
 * Is told what a {@link PlainSplitter} finds, in order. All bytes are views, of use until the call returns;
 * those of `skeleton` and `body` one after the other are exactly what was written.
 */
export interface PlainParts {
  /** Headers, extended headers with their bodies, padding, blocks of zeros at the end. */
  skeleton(bytes: Uint8Array): void;
  /**
   * A body's first byte is about to come: there are no empty bodies.
   *
   * @param sizeBytes what the header says: fewer bytes come when the stream ends early. `undefined` for what is
   * no tar, or no more, which goes on to the stream's end.
   * @param name of the entry, one byte a character; empty for what is no tar.
   * @param type as in {@link TarEntry}; empty for what is no tar.
   */
  bodyStart(sizeBytes: number | undefined, name: string, type: string): void;
  body(bytes: Uint8Array): void;
  bodyEnd(): void;
}

/** What the next block is looked at for. */
type Phase = "entries" | "behind-the-end" | "no-tar";

/**
 * Parts plain bytes into the bodies of a tar's files and the skeleton around them, whatever the cuts they come in.
 *
 * Nothing is refused: from the first block that is no header on, all is one body to the end of the stream.
 * What follows the two blocks of zeros that end an archive is skeleton while it is zeros. Holds one block, and
 * what a `TarWalker` holds.
 */
export class PlainSplitter {
  readonly #parts: PlainParts;
  readonly #walker: TarWalker;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #held = 0;
  #phase: Phase = "entries";
  /** Offset of the next byte, those that are held included. */
  #at = 0;
  #entry: TarEntry | undefined;
  /** Where the body ends that comes next or goes by; an offset that was passed when there is none. */
  #bodyEndsAt = 0;
  #isInBody = false;

  constructor(parts: PlainParts) {
    this.#parts = parts;
    this.#walker = new TarWalker((entry) => {
      this.#entry = entry;
      this.#bodyEndsAt = entry.bodyStart + entry.sizeBytes;
    });
  }

  /** @param bytes any piece of the stream, held no longer than the call. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) from += this.#take(bytes.subarray(from));
  }

  /** Ends the stream, wherever the archive stands. */
  end(): void {
    const rest = this.#block.subarray(0, this.#held);
    if (rest.length > 0 && isZeros(rest)) this.#parts.skeleton(rest);
    else if (rest.length > 0) this.#giveUp(rest);
    if (this.#isInBody) this.#endBody();
  }

  /** @returns how many bytes were taken, at least one */
  #take(bytes: Uint8Array): number {
    const taken = this.#takeKnown(bytes);
    this.#at += taken;
    return taken;
  }

  #takeKnown(bytes: Uint8Array): number {
    if (this.#phase === "no-tar") return this.#told("body", bytes);
    if (this.#phase === "behind-the-end") return this.#takeBlock(bytes);
    if (this.#at < this.#bodyEndsAt) return this.#takeBody(bytes);
    const padding = this.#walker.needs - this.#at;
    if (padding > 0) return this.#told("skeleton", bytes.subarray(0, padding));
    return this.#takeBlock(bytes);
  }

  #told(kind: "skeleton" | "body", bytes: Uint8Array): number {
    this.#parts[kind](bytes);
    return bytes.length;
  }

  #takeBody(bytes: Uint8Array): number {
    if (!this.#isInBody) this.#startBody();
    const taken = this.#told("body", bytes.subarray(0, this.#bodyEndsAt - this.#at));
    if (this.#at + taken === this.#bodyEndsAt) this.#endBody();
    return taken;
  }

  #startBody(): void {
    this.#isInBody = true;
    const entry = this.#entry;
    this.#parts.bodyStart(entry?.sizeBytes, entry?.name ?? "", entry?.type ?? "");
  }

  #endBody(): void {
    this.#isInBody = false;
    this.#parts.bodyEnd();
  }

  /** A block is judged whole, so that the cuts do not matter. */
  #takeBlock(bytes: Uint8Array): number {
    if (this.#held === 0 && bytes.length >= BLOCK_BYTES) {
      this.#judge(bytes.subarray(0, BLOCK_BYTES), this.#at);
      return BLOCK_BYTES;
    }
    const taken = Math.min(bytes.length, BLOCK_BYTES - this.#held);
    this.#block.set(bytes.subarray(0, taken), this.#held);
    this.#held += taken;
    if (this.#held === BLOCK_BYTES) {
      this.#held = 0;
      this.#judge(this.#block, this.#at + taken - BLOCK_BYTES);
    }
    return taken;
  }

  #judge(block: Uint8Array, start: number): void {
    const isSkeleton = this.#phase === "entries" ? this.#follow(block, start) : isZeros(block);
    if (isSkeleton) this.#parts.skeleton(block);
    else this.#giveUp(block);
  }

  /** @returns whether the block is part of a tar */
  #follow(block: Uint8Array, start: number): boolean {
    try {
      this.#walker.skipTo(start);
      this.#walker.write(block);
    } catch (error) {
      if (error instanceof NotTar) return false;
      throw error;
    }
    if (this.#walker.hasEnded) this.#phase = "behind-the-end";
    return true;
  }

  #giveUp(bytes: Uint8Array): void {
    this.#phase = "no-tar";
    this.#entry = undefined;
    this.#startBody();
    this.#parts.body(bytes);
  }
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
