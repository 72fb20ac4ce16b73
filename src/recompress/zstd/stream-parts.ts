import { frameHeaderBytes, HEADER_START_BYTES } from "./decode/read-frame-header.ts";

const MAGIC_BYTES = 4;
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
const SKIPPABLE_SIZE_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const CHECKSUM_FLAG = 4;
const RLE_TYPE = 1;

type Part = "magic" | "skippable-size" | "descriptor" | "header" | BlockPart;
type BlockPart = "block-header" | "content" | "checksum" | "unknown";

/**
 * Cuts a zstd stream into headers, blocks and checksums, as its bytes come.
 *
 * A decoder that is given it part by part tells of a block when exactly the bytes up to the block's end
 * were given: so one knows where in the stream a block lies. What is wrong with the stream is the decoder's.
 */
export class StreamParts {
  #part: Part = "magic";
  /** Bytes of the part still to come. */
  #left = MAGIC_BYTES;
  /** The bytes of the part so far, as a little-endian number; of short parts only. */
  #number = 0;
  #scale = 1;
  #hasChecksum = false;
  #isLastBlock = false;

  /** @returns the index in `bytes` after the part that goes on at `from`, or their end. */
  next(bytes: Uint8Array, from: number): number {
    const taken = Math.min(this.#left, bytes.length - from);
    if (this.#part !== "content" && this.#part !== "unknown") this.#gather(bytes, from, taken);
    this.#left -= taken;
    while (this.#left === 0) this.#turn();
    return from + taken;
  }

  #gather(bytes: Uint8Array, from: number, count: number): void {
    for (let at = from; at < from + count && this.#scale < 2 ** 48; at++) {
      this.#number += (bytes[at] ?? 0) * this.#scale;
      this.#scale *= 256;
    }
  }

  #turn(): void {
    const number = this.#number;
    switch (this.#part) {
      case "magic":
        return this.#afterMagic(number);
      case "skippable-size":
        this.#isLastBlock = true;
        this.#hasChecksum = false;
        return this.#begin("content", number);
      case "descriptor":
        this.#hasChecksum = (number & CHECKSUM_FLAG) !== 0;
        return this.#begin("header", headerRest(number));
      case "header":
        return this.#begin("block-header", BLOCK_HEADER_BYTES);
      case "block-header":
        return this.#afterBlockHeader(number);
      case "content":
        return this.#afterContent();
      case "checksum":
        return this.#begin("magic", MAGIC_BYTES);
      case "unknown":
        return this.#begin("unknown", Infinity);
    }
  }

  #begin(part: Part, size: number): void {
    this.#part = part;
    this.#left = size;
    this.#number = 0;
    this.#scale = 1;
  }

  #afterMagic(magic: number): void {
    if (magic === FRAME_MAGIC) this.#begin("descriptor", HEADER_START_BYTES - MAGIC_BYTES);
    else if (magic >>> 4 === SKIPPABLE_MAGIC) this.#begin("skippable-size", SKIPPABLE_SIZE_BYTES);
    else this.#begin("unknown", Infinity);
  }

  #afterBlockHeader(number: number): void {
    this.#isLastBlock = number % 2 === 1;
    const size = number >> 3;
    this.#begin("content", ((number >> 1) & 3) === RLE_TYPE ? 1 : size);
  }

  #afterContent(): void {
    if (!this.#isLastBlock) this.#begin("block-header", BLOCK_HEADER_BYTES);
    else if (this.#hasChecksum) this.#begin("checksum", CHECKSUM_BYTES);
    else this.#begin("magic", MAGIC_BYTES);
  }
}

/** Of a header, what follows the descriptor. A descriptor that is refused has nothing. */
function headerRest(descriptor: number): number {
  return (descriptor & 8) !== 0 ? 0 : frameHeaderBytes(descriptor) - HEADER_START_BYTES;
}
