import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import type {
  BlockSpan,
  Guide,
  SequenceFinder,
} from "../../../src/recompress/zstd/sequence-finder.ts";
import { CONTENT_KINDS, PlainContents } from "../../fixtures/plain-contents.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** Room for blocks behind the window that a finder needs. */
const ROOM_BYTES = 256 * 1024;
const LONGEST_PIECE = 24 * 1024;

/** Contents of all kinds in short pieces, so that every search finds something near and far. */
export function mixedPlain(size: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  const contents = new PlainContents(random);
  const plain = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const piece = plain.subarray(at, at + random.between(1, LONGEST_PIECE));
    contents.fill(piece, random.pick(CONTENT_KINDS));
    at += piece.length;
  }
  return plain;
}

/** How a block's sequences are found, or were found. */
export interface FoundBlock {
  readonly sequences: Int32Array;
  readonly count: number;
  readonly fixes: readonly number[];
}

/** Block number, and where it lies in the window, of which the guide may depend. */
export type GuideOf = (index: number, span: BlockSpan) => Guide;

export const FREE: GuideOf = () => ({ kind: "free" });

/** Feeds a plain stream of one frame to a finder, block by block, as a decoder would. */
export class FinderRun {
  readonly window: PlainWindow;
  readonly finder: SequenceFinder;
  readonly windowSize: number;

  constructor(windowSize: number, createFinder: (window: PlainWindow) => SequenceFinder) {
    this.windowSize = windowSize;
    this.window = new PlainWindow(windowSize + ROOM_BYTES);
    this.finder = createFinder(this.window);
  }

  find(blocks: readonly Uint8Array[], guideOf: GuideOf = FREE): FoundBlock[] {
    return blocks.map((block, index) => this.findBlock(block, (span) => guideOf(index, span)));
  }

  findBlock(
    block: Uint8Array,
    guideOf: (span: BlockSpan) => Guide,
    isOnlyBlock = false,
  ): FoundBlock {
    const { window, finder } = this;
    if (window.free < block.length) this.slide(window.end - this.windowSize);
    window.append(block);
    const start = window.end - block.length;
    const span = { start, end: window.end, frameStart: -window.slid, isOnlyBlock };
    finder.find(span, guideOf(span));
    const { count, fixes } = finder;
    return { sequences: finder.sequences.slice(0, 3 * count), count, fixes: [...fixes] };
  }

  slide(by: number): void {
    this.window.slide(by);
    this.finder.slide(by);
  }
}

export function cutBlocks(plain: Uint8Array, blockBytes: number): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += blockBytes)
    blocks.push(plain.subarray(at, at + blockBytes));
  return blocks;
}
