import {
  ZstdDecoder,
  type ZstdDecoderOptions,
} from "../../../src/recompress/zstd/decode/zstd-decoder.ts";
import type { DecodedBlock } from "../../../src/recompress/zstd/decoded-block.ts";
import { BlockWriter } from "../../../src/recompress/zstd/write/block-writer.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";

/** What a decoder told of a stream. */
export interface ToldStream {
  readonly plain: Buffer;
  /** The stream written again from what was told. */
  readonly again: Buffer;
  /** One line for each event, whatever the cuts: skippable frames are joined. */
  readonly events: readonly string[];
}

/** Decodes a stream that comes in the given pieces. */
export function tellStream(
  pieces: readonly Uint8Array[],
  options: ZstdDecoderOptions = {},
): ToldStream {
  const plain: Uint8Array[] = [];
  const again: Uint8Array[] = [];
  const events: string[] = [];
  let skippable = 0;
  const writer = new BlockWriter();
  const decoder = new ZstdDecoder(
    {
      frame(header) {
        again.push(header.bytes.slice());
        events.push(`frame ${header.windowSize} ${header.contentSize} ${header.hasChecksum}`);
        writer.startFrame();
      },
      block(block) {
        plain.push(decoder.window.bytes.slice(block.start, block.end));
        again.push(writer.write(block, decoder.window.bytes).slice());
        events.push(blockLine(block));
      },
      frameEnd(checksum) {
        if (checksum !== undefined) again.push(checksum.slice());
        events.push(`end ${checksum?.join(" ")}`);
      },
      skippable(bytes, isLast) {
        skippable += bytes.length;
        again.push(bytes.slice());
        if (!isLast) return;
        events.push(`skippable ${skippable}`);
        skippable = 0;
      },
    },
    options,
  );
  for (const piece of pieces) decoder.write(piece);
  decoder.end();
  return { plain: Buffer.concat(plain), again: Buffer.concat(again), events };
}

function blockLine({ type, isLast, start, end, literals, sequences }: DecodedBlock): string {
  const { count, countBytes, modes } = sequences ?? { count: 0, countBytes: 0, modes: 0 };
  const literalsLine = `${literals?.type} ${literals?.sizeFormat} ${literals?.size}`;
  return `${type} ${isLast} ${end - start} ${literalsLine} ${count} ${countBytes} ${modes}`;
}

/** @returns the bytes in pieces of 0 to `most` bytes. */
export function cutAnywhere(bytes: Uint8Array, random: SeededRandom, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = random.between(0, most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
