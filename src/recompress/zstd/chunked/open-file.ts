import { createHash, type Hash } from "node:crypto";
import { Crc64, type crc64Tables } from "./crc64.ts";
import type { TarMetadata } from "./tar-metadata.ts";
import { type FileChunk, tocName } from "./toc-entry.ts";

/** A file whose body goes by. */
export class OpenFile {
  readonly metadata: TarMetadata;
  readonly sizeBytes: number;
  readonly crc: Crc64;
  readonly #hash = createHash("sha256");
  readonly #chunks: OpenChunk[] = [];
  /** Of one entry's name, once it is asked for. */
  #nameCharacters: number | undefined;
  /** Of the last chunk, unless it is the only one. */
  #chunkHash: Hash | undefined;
  #at = 0;

  constructor(metadata: TarMetadata, sizeBytes: number, tables: ReturnType<typeof crc64Tables>) {
    this.metadata = metadata;
    this.sizeBytes = sizeBytes;
    this.crc = new Crc64(tables);
  }

  /** Bytes of the body that have not come. */
  get left(): number {
    return this.sizeBytes - this.#at;
  }

  /** Of the name in all entries of the chunks so far. */
  get nameCharacters(): number {
    this.#nameCharacters ??= tocName(this.metadata).length;
    return this.#nameCharacters * this.#chunks.length;
  }

  /** A frame begins within the body. */
  chunk(streamByte: number): void {
    const before = this.#chunks[this.#chunks.length - 1];
    // Up to its end the first chunk is all there is, so both have one digest.
    if (before !== undefined) before.digest = sumOf(this.#chunkHash ?? this.#hash.copy());
    if (before !== undefined) this.#chunkHash = createHash("sha256");
    this.#chunks.push({ streamByte, at: this.#at, digest: "", isZeros: true });
  }

  /** The next bytes of the body. */
  update(bytes: Uint8Array): void {
    this.crc.update(bytes);
    this.#hash.update(bytes);
    this.#chunkHash?.update(bytes);
    this.#at += bytes.length;
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk?.isZeros === true) chunk.isZeros = isAllZeros(bytes);
  }

  /** @returns of the body so far, `sha256:` and hex digits; empty for a file without. */
  digest(): string {
    return this.sizeBytes === 0 ? "" : sumOf(this.#hash.copy());
  }

  /** @returns the chunks of the whole body. */
  chunks(): readonly FileChunk[] {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last !== undefined && this.#chunkHash !== undefined)
      last.digest = sumOf(this.#chunkHash.copy());
    return this.#chunks.map((chunk, index) => {
      const end = this.#chunks[index + 1]?.at ?? this.sizeBytes;
      return { ...chunk, sizeBytes: end - chunk.at };
    });
  }
}

interface OpenChunk {
  readonly streamByte: number;
  readonly at: number;
  /** Of a file's only chunk there is none: it would be the file's. */
  digest: string;
  isZeros: boolean;
}

function sumOf(hash: Hash): string {
  return `sha256:${hash.digest("hex")}`;
}

/** Equal to itself one byte on, and the first one zero. */
function isAllZeros(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}
