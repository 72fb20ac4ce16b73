import { WeightedMap } from "../../lib/weighted-map.ts";

const BLOCK_BYTES = 1024 * 1024;
const MOST_BLOCKS = 12;

/** Reads a stretch of a pack; fewer bytes come only at its end. */
export type ReadPack = (pack: string, at: number, sizeBytes: number) => Promise<Buffer>;

/**
 * Reads packs in blocks, each a block ahead: what is in a blob's files lies in its packs in their order, and
 * the store is asked for the next while the last is worked at. Holds 12 MiB.
 */
export class PackBlocks {
  readonly #read: ReadPack;
  readonly #blocks = new WeightedMap<string, Promise<Buffer>>({
    maxWeight: MOST_BLOCKS,
    maxEntryWeight: 1,
    weigh: () => 1,
  });

  constructor(read: ReadPack) {
    this.#read = read;
  }

  /** As {@link ReadPack}. */
  async read(pack: string, at: number, sizeBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const end = at + sizeBytes;
    for (let from = at; from < end;) {
      const index = Math.floor(from / BLOCK_BYTES);
      const block = await this.#block(pack, index);
      const start = from - index * BLOCK_BYTES;
      const piece = block.subarray(start, start + end - from);
      pieces.push(piece);
      from += piece.length;
      // The pack ends here.
      if (block.length < BLOCK_BYTES) break;
      // Whoever comes for it is told what it fails with.
      this.#block(pack, index + 1).catch(() => undefined);
    }
    const [only, ...more] = pieces;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(pieces);
  }

  #block(pack: string, index: number): Promise<Buffer> {
    const key = `${pack}:${index}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const block = this.#read(pack, index * BLOCK_BYTES, BLOCK_BYTES);
    this.#blocks.set(key, block);
    block.catch(() => this.#blocks.delete(key));
    return block;
  }
}
