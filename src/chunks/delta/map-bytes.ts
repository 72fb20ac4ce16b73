import { constants, zstdCompressSync } from "node:zlib";
import { ColumnWriter } from "../../recompress/columns.ts";
import type { ChunkId } from "../chunk-id.ts";
import type { ChunkedPlain } from "../plain/plain-chunker.ts";

const MOST_WINDOW_BITS = 27;
const LEAST_WINDOW_BITS = 10;

/**
 * What whoever holds a base needs besides the missing chunks to put plain bytes together: the skeleton, and what
 * stands where.
 *
 * Counted is what zstd makes, at level 19 and with the base's skeleton as dictionary, of the columns of the skeleton and of the
 * list of chunks. The list has no ids: it names runs of chunks by where the base has them, and of the others the
 * first of each is the next one that comes; their sizes stand in their frames.
 *
 * @returns bytes
 */
export function mapBytes(target: ChunkedPlain, base: ChunkedPlain): number {
  const table = new ColumnWriter();
  table.number(target.plainBytes);
  for (const column of target.skeleton) table.number(column.length);
  for (const column of target.skeleton) table.raw(column);
  writeRuns(table, target, base);
  const raw = table.written();
  const dictionary = Buffer.concat(base.skeleton);
  const bits = Math.ceil(Math.log2(raw.length + dictionary.length));
  const params = {
    [constants.ZSTD_c_compressionLevel]: 19,
    [constants.ZSTD_c_windowLog]: Math.min(Math.max(bits, LEAST_WINDOW_BITS), MOST_WINDOW_BITS),
  };
  return zstdCompressSync(raw, { params, dictionary }).length;
}

/** A run: its length, and how far from the end of the one before it begins, the sign in the lowest bit. */
function writeRuns(table: ColumnWriter, target: ChunkedPlain, base: ChunkedPlain): void {
  const places = placesByOrder(target, base);
  let expected = 0;
  let run: { start: number; length: number } | undefined;
  const endRun = (): void => {
    if (run === undefined) return;
    const distance = run.start - expected;
    table.number(run.length);
    table.number(distance < 0 ? -2 * distance - 1 : 2 * distance);
    expected = run.start + run.length;
    run = undefined;
  };
  for (const place of places) {
    if (run !== undefined && run.start + run.length === place) run.length += 1;
    else {
      endRun();
      run = { start: place, length: 1 };
    }
  }
  endRun();
}

/** Of each chunk, the place in the base's list, or behind that among the chunks that come. */
function* placesByOrder(target: ChunkedPlain, base: ChunkedPlain): Generator<number> {
  const places = new Map<ChunkId, number>();
  let index = 0;
  for (const { id } of base.chunks) {
    if (!places.has(id)) places.set(id, index);
    index += 1;
  }
  let last = -1;
  for (const { id } of target.chunks) {
    // A chunk that the base has several times: where it goes on is cheapest to tell.
    const isNext = last + 1 < base.chunks.length && base.chunks.at(last + 1).id === id;
    const place = isNext ? last + 1 : (places.get(id) ?? index);
    if (place === index) places.set(id, index++);
    last = place;
    yield place;
  }
}
