import type { BlockHeader } from "./blocks/block-header.ts";
import type { DeflateHandler } from "./inflate/inflater.ts";

/**
 * How much of a member is kept to find its encoder: beyond 1 MiB, so that it shows what follows a block
 * of the commonest framing.
 */
export const SAMPLE_BYTES: number = (1024 + 192) * 1024;
const LARGEST_STRETCH_BYTES = 64 * 1024;
/** A stream can have any number of blocks with nothing in them. */
const MOST_BLOCKS = 8192;
/** How finely the stretches are cut for who may lose interest. */
const PIECE_TOKENS = 2048;

/** Takes stretches, and says whether it wants more of them. */
export interface StretchTaker {
  /** The arrays are borrowed for the call. */
  take(plain: Uint8Array, tokens: Uint32Array | undefined): boolean;
}

interface Stretch {
  readonly kind: "stretch";
  readonly plain: Uint8Array;
  readonly tokens: Uint32Array | undefined;
}

type Event =
  | { readonly kind: "start"; readonly header: BlockHeader }
  | Stretch
  | { readonly kind: "end" };

/** The beginning of a member, kept to be told again to whoever might know its encoder. */
export class TokenSample implements DeflateHandler {
  readonly #plain = new Uint8Array(SAMPLE_BYTES + LARGEST_STRETCH_BYTES);
  readonly #tokens = new Uint32Array(SAMPLE_BYTES + LARGEST_STRETCH_BYTES);
  readonly #events: Event[] = [];
  #plainBytes = 0;
  #tokenCount = 0;
  #blocks = 0;

  get plainBytes(): number {
    return this.#plainBytes;
  }

  /** Full: the rest is to be told as it comes. */
  get isFull(): boolean {
    return this.#plainBytes >= SAMPLE_BYTES || this.#blocks >= MOST_BLOCKS;
  }

  clear(): void {
    this.#events.length = 0;
    this.#plainBytes = 0;
    this.#tokenCount = 0;
    this.#blocks = 0;
  }

  blockStart(header: BlockHeader): void {
    this.#blocks++;
    this.#events.push({ kind: "start", header: copyOf(header) });
  }

  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    const plainCopy = this.#plain.subarray(this.#plainBytes, this.#plainBytes + plain.length);
    plainCopy.set(plain);
    this.#plainBytes += plain.length;
    const size = tokens?.length ?? 0;
    const tokensCopy = this.#tokens.subarray(this.#tokenCount, this.#tokenCount + size);
    if (tokens !== undefined) tokensCopy.set(tokens);
    this.#tokenCount += size;
    const copied = tokens === undefined ? undefined : tokensCopy;
    this.#events.push({ kind: "stretch", plain: plainCopy, tokens: copied });
  }

  blockEnd(): void {
    this.#events.push({ kind: "end" });
  }

  /**
   * Tells stretches, in pieces that are small enough to stop soon.
   *
   * @param untilByte stops after that many plain bytes or a little later
   * @returns whether the taker wanted all of it.
   */
  replayStretches(taker: StretchTaker, untilByte: number): boolean {
    let byte = 0;
    for (const event of this.#events) {
      if (byte >= untilByte) break;
      if (event.kind !== "stretch") continue;
      const most = untilByte - byte;
      byte += event.plain.length;
      if (!replayPieces(taker, event, most)) return false;
    }
    return true;
  }

  replay(handler: DeflateHandler): void {
    for (const event of this.#events) {
      if (event.kind === "start") handler.blockStart(event.header);
      else if (event.kind === "end") handler.blockEnd();
      else handler.stretch(event.plain, event.tokens);
    }
  }
}

function replayPieces(taker: StretchTaker, { plain, tokens }: Stretch, most: number): boolean {
  if (tokens === undefined) return taker.take(plain, tokens);
  let byte = 0;
  for (let from = 0; from < tokens.length && byte < most; from += PIECE_TOKENS) {
    const piece = tokens.subarray(from, from + PIECE_TOKENS);
    const end = byte + bytesOf(piece);
    if (!taker.take(plain.subarray(byte, end), piece)) return false;
    byte = end;
  }
  return true;
}

function bytesOf(tokens: Uint32Array): number {
  let bytes = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? 0;
    bytes += token < 256 ? 1 : token >>> 16;
  }
  return bytes;
}

function copyOf(header: BlockHeader): BlockHeader {
  if (header.kind !== "dynamic") return header;
  const { tree } = header;
  return {
    ...header,
    tree: {
      ...tree,
      codeLengthLengths: tree.codeLengthLengths.slice(),
      sequence: tree.sequence.slice(),
      lengths: tree.lengths.slice(),
    },
  };
}
