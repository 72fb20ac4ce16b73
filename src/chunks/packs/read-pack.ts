import { type ChunkId, chunkIdOf } from "../chunk-id.ts";
import { decompressFrame, type ReadFrame, readFrame } from "./frame.ts";
import {
  decodeDirectory,
  type PlacedChunk,
  type PlacedFrame,
  readTrailer,
  TRAILER_BYTES,
} from "./pack-directory.ts";
import { PackError } from "./pack-error.ts";
import { PACK_START } from "./pack-writer.ts";

/** A pack's bytes, wherever they lie. */
export interface PackSource {
  readonly sizeBytes: number;
  /** @returns so many bytes from there on; fewer only where the pack is shorter than it was */
  read(at: number, sizeBytes: number): Promise<Buffer>;
}

/** A chunk that was read and is the right one. */
export interface FoundChunk {
  readonly id: ChunkId;
  readonly bytes: Uint8Array;
}

/** What the frames of a pack hold, by its directory. @throws {PackError} when it is no whole pack. */
export async function readDirectory(source: PackSource): Promise<readonly PlacedFrame[]> {
  const { sizeBytes } = source;
  const framesAt = PACK_START.length;
  if (sizeBytes < framesAt + TRAILER_BYTES) throw new PackError("it is too short");
  const trailer = await source.read(sizeBytes - TRAILER_BYTES, TRAILER_BYTES);
  const place = readTrailer(trailer, sizeBytes);
  const directory = await source.read(place.at, place.sizeBytes);
  return decodeDirectory(directory, { place, framesAt });
}

/** @throws {PackError} when the frame is damaged, or not the one that was to be there. */
export async function readFrameAt(source: PackSource, frame: PlacedFrame): Promise<ReadFrame> {
  const read = readFrame(await source.read(frame.at, frame.sizeBytes));
  const isSame =
    read.depth === frame.depth &&
    read.sizes.length === frame.chunks.length &&
    read.sizes.every((size, index) => size === frame.chunks[index]?.sizeBytes);
  if (!isSame) throw new PackError("a frame is not the one that the directory names");
  return read;
}

/**
 * @param dictionary the chunks that `frame.dictionaryIds` name, one after the other
 * @throws {PackError} when anything but the right bytes comes out.
 */
export function chunksOf(
  frame: ReadFrame,
  chunks: readonly PlacedChunk[],
  dictionary: Uint8Array | undefined,
): readonly FoundChunk[] {
  const raw = decompressFrame(frame, dictionary);
  let at = 0;
  return chunks.map(({ id, sizeBytes }) => {
    const bytes = raw.subarray(at, at + sizeBytes);
    at += sizeBytes;
    if (chunkIdOf(bytes) !== id) throw new PackError(`chunk ${id} has other bytes`);
    return { id, bytes };
  });
}
