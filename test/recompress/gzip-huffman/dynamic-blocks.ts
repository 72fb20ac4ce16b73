import type {
  BlockHeader,
  TreeDescription,
} from "../../../src/recompress/gzip/blocks/block-header.ts";
import { Inflater } from "../../../src/recompress/gzip/inflate/inflater.ts";

/** A block with dynamic codes, copied. */
export interface DynamicBlock {
  readonly tree: TreeDescription;
  readonly tokens: Uint32Array;
}

/** Reads a raw deflate stream's blocks that have dynamic codes. */
export function dynamicBlocks(stream: Uint8Array): readonly DynamicBlock[] {
  const blocks: DynamicBlock[] = [];
  let header: BlockHeader | undefined;
  let tokens: number[] = [];
  const inflater = new Inflater({
    blockStart(next) {
      header = structuredClone(next);
      tokens = [];
    },
    stretch(_plain, more) {
      for (const token of more ?? []) tokens.push(token);
    },
    blockEnd() {
      if (header?.kind === "dynamic") {
        blocks.push({ tree: header.tree, tokens: Uint32Array.from(tokens) });
      }
    },
  });
  inflater.write(stream);
  inflater.end();
  return blocks;
}
