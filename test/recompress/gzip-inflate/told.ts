import type { BlockHeader } from "../../../src/recompress/gzip/blocks/block-header.ts";
import type { DeflateHandler } from "../../../src/recompress/gzip/inflate/inflater.ts";
import { Inflater } from "../../../src/recompress/gzip/inflate/inflater.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import type { ToldBlock } from "./deflate-bits.ts";

/** What an inflater told, kept. */
export class Told implements DeflateHandler {
  readonly blocks: ToldBlock[] = [];
  /** Sizes of the stretches, plain bytes and tokens. */
  readonly stretches: (readonly [plainBytes: number, tokens: number | undefined])[] = [];
  #header: BlockHeader | undefined;
  #plain: Uint8Array[] = [];
  #tokens: number[] = [];

  get plain(): Uint8Array {
    return Buffer.concat(this.blocks.map((block) => block.plain));
  }

  get headers(): BlockHeader[] {
    return this.blocks.map((block) => block.header);
  }

  blockStart(header: BlockHeader): void {
    if (this.#header !== undefined) throw new Error("a block began within a block");
    this.#header = copyOf(header);
  }

  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#plain.push(plain.slice());
    for (const token of tokens ?? []) this.#tokens.push(token);
    this.stretches.push([plain.length, tokens?.length]);
  }

  blockEnd(): void {
    if (this.#header === undefined) throw new Error("a block ended before it began");
    const plain = Buffer.concat(this.#plain);
    this.blocks.push({ header: this.#header, plain, tokens: this.#tokens });
    this.#header = undefined;
    this.#plain = [];
    this.#tokens = [];
  }
}

/** What became of a stream. */
export interface Inflated {
  readonly told: Told;
  /** Bytes that belong to it. */
  readonly consumed: number;
  readonly padding: number;
}

/** @param pieceBytes how large the next piece of input is to be, 1 or more */
export function inflateTold(stream: Uint8Array, pieceBytes: () => number): Inflated {
  const told = new Told();
  const inflater = new Inflater(told);
  let consumed = 0;
  for (let at = 0; at < stream.length && !inflater.isDone;) {
    const piece = stream.subarray(at, at + pieceBytes());
    consumed += inflater.write(piece);
    at += piece.length;
  }
  inflater.end();
  return { told, consumed, padding: inflater.padding };
}

/** All at once. */
export const WHOLE = (): number => Number.MAX_SAFE_INTEGER;

/** Pieces of all sizes, small ones more often. */
export function randomPieces(random: SeededRandom): () => number {
  return () => 1 + random.lowBelow(random.pick([4, 300, 70_000]));
}

function copyOf(header: BlockHeader): BlockHeader {
  return header.kind === "dynamic" ? { ...header, tree: structuredClone(header.tree) } : header;
}
