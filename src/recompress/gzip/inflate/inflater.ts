import type { BlockHeader } from "../blocks/block-header.ts";
import { BitInput } from "./bit-input.ts";
import { BrokenStream } from "../../stream-errors.ts";
import { DecodeTables } from "./decode-tables.ts";
import { StretchBuffer } from "./stretch-buffer.ts";
import { TokenDecoder } from "./token-decoder.ts";
import { TreeReader } from "./tree-reader.ts";

const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;

/** Told of what a deflate stream holds, in order. What it is told never depends on how input was cut. */
export interface DeflateHandler {
  blockStart(header: BlockHeader): void;
  /**
   * The next of the block, at most 64 KiB; nothing comes of an empty block. The arrays are borrowed for
   * the call.
   *
   * @param tokens literals and matches as `TokenModel` has them; `undefined` in a stored block
   */
  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void;
  blockEnd(): void;
}

/**
 * Decodes a deflate stream (RFC 1951) and tells every decision that its encoder took.
 *
 * It takes what zlib's inflate takes and refuses what that refuses. Memory: half a MiB.
 */
export class Inflater {
  readonly #handler: DeflateHandler;
  readonly #input = new BitInput();
  readonly #output = new StretchBuffer();
  readonly #decoder = new TokenDecoder(this.#input, this.#output);
  readonly #trees = new TreeReader();
  readonly #tables = new DecodeTables();
  readonly #fixedTables = fixedTables();
  /** Those of the block being read. */
  #current = this.#tables;
  #state: "header" | "stored" | "tokens" | "done" = "header";
  #isFinal = false;
  #storedLeft = 0;
  #blockPosition = 0;
  #padding = 0;

  constructor(handler: DeflateHandler) {
    this.#handler = handler;
  }

  /** Whether the final block has ended. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Bits of the stream that have been read. Up to 2^53. */
  get bitPosition(): number {
    return this.#input.position;
  }

  /** Bits of the stream before the block that is being read. Up to 2^53. */
  get blockBitPosition(): number {
    return this.#blockPosition;
  }

  /** The bits after the final block, up to the byte's end. */
  get padding(): number {
    return this.#padding;
  }

  /**
   * @param bytes the next of the stream, cut anywhere
   * @returns how many of them belong to the stream: all, unless the final block ends among them.
   * @throws {BrokenStream} when it is no deflate stream. The inflater is then of no more use but for
   * {@link reset}.
   */
  write(bytes: Uint8Array): number {
    let taken = 0;
    while (!this.isDone && taken < bytes.length) {
      taken += this.#input.fill(bytes, taken);
      while (this.#advance());
    }
    return this.isDone ? taken - this.#input.unreadBytes : taken;
  }

  /** @throws {BrokenStream} when the final block has not ended. */
  end(): void {
    if (!this.isDone) throw new BrokenStream("the stream ends early");
  }

  /** Begins another stream. */
  reset(): void {
    this.#input.reset();
    this.#output.reset();
    this.#state = "header";
    this.#padding = 0;
    this.#blockPosition = 0;
  }

  /** @returns whether there is more to do with the input at hand. */
  #advance(): boolean {
    switch (this.#state) {
      case "header":
        return this.#readHeader();
      case "stored":
        return this.#copyStored();
      case "tokens":
        return this.#decode();
      case "done":
        return false;
    }
  }

  #readHeader(): boolean {
    const input = this.#input;
    const start = input.bit;
    const position = input.position;
    const isFinal = input.take(1) === 1;
    const header = input.endBit - start < 3 ? undefined : this.#readRest(isFinal);
    if (header === undefined) {
      input.bit = start;
      return false;
    }
    this.#blockPosition = position;
    this.#isFinal = isFinal;
    this.#state = header.kind === "stored" ? "stored" : "tokens";
    this.#handler.blockStart(header);
    return true;
  }

  #readRest(isFinal: boolean): BlockHeader | undefined {
    switch (this.#input.take(2)) {
      case STORED:
        return this.#readStoredHeader(isFinal);
      case FIXED:
        this.#current = this.#fixedTables;
        return { kind: "fixed", isFinal };
      case DYNAMIC:
        return this.#readDynamicHeader(isFinal);
      default:
        throw new BrokenStream("a block has a type that does not exist");
    }
  }

  /** RFC 1951 section 3.2.4: from the next byte on the size, and its complement. */
  #readStoredHeader(isFinal: boolean): BlockHeader | undefined {
    const input = this.#input;
    const padding = input.take(-input.bit & 7);
    const size = input.take(16);
    const complement = input.take(16);
    if (input.isOverread) return undefined;
    if ((size ^ complement) !== 0xffff) {
      throw new BrokenStream("a stored block does not confirm its size");
    }
    this.#storedLeft = size;
    return { kind: "stored", isFinal, size, padding };
  }

  #readDynamicHeader(isFinal: boolean): BlockHeader | undefined {
    const tree = this.#trees.read(this.#input);
    if (tree === undefined) return undefined;
    const { lengths, litLenCount } = tree;
    this.#tables.fill(lengths.subarray(0, litLenCount), lengths.subarray(litLenCount));
    this.#current = this.#tables;
    return { kind: "dynamic", isFinal, tree };
  }

  #copyStored(): boolean {
    const size = Math.min(this.#storedLeft, this.#output.free, this.#input.unreadBytes);
    this.#output.append(this.#input.takeBytes(size));
    this.#storedLeft -= size;
    if (this.#storedLeft === 0) {
      this.#endBlock();
      return true;
    }
    if (this.#output.free > 0) return false;
    this.#emit();
    return true;
  }

  #decode(): boolean {
    switch (this.#decoder.run(this.#current)) {
      case "end":
        this.#endBlock();
        return true;
      case "full":
        this.#emit();
        return true;
      case "starved":
        return false;
    }
  }

  #endBlock(): void {
    if (this.#output.sizeBytes > 0) this.#emit();
    const input = this.#input;
    if (this.#isFinal) this.#padding = input.take(-input.bit & 7);
    this.#state = this.#isFinal ? "done" : "header";
    this.#handler.blockEnd();
  }

  #emit(): void {
    const { tokens, tokenCount } = this.#output;
    const isStored = this.#state === "stored";
    const stretch = isStored ? undefined : tokens.subarray(0, tokenCount);
    this.#handler.stretch(this.#output.plain(), stretch);
    this.#output.next();
  }
}

/** RFC 1951 section 3.2.6. */
function fixedTables(): DecodeTables {
  const literals = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
  const tables = new DecodeTables();
  tables.fill(literals, new Uint8Array(32).fill(5));
  return tables;
}
