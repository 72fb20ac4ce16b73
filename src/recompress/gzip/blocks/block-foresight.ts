import { dynamicBits, fixedBits } from "../huffman/code-bits.ts";
import { LONGEST_MATCH } from "../huffman/deflate-symbols.ts";
import { ZlibTreeBuilder } from "../huffman/zlib-tree.ts";
import type { GnuBlockRule } from "../token-model.ts";
import type { BlockHeader, TreeDescription } from "./block-header.ts";
import { ContentCuts } from "./content-cuts.ts";
import { isFixedShorter } from "./foretold-block.ts";
import { GnuBlock } from "./gnu-block.ts";
import { PlainQueue } from "./plain-queue.ts";

/** After so many blocks in a row that went beyond a cut the encoder is taken to make none. */
const MOST_MISSED_CUTS = 8;
const TYPE_BITS = 3;

/** What a rebuild could tell of a block by the encoder's rule: nothing, or its end, or all of it. */
export type Foresight =
  | "none"
  /** A stored block ends where the rule says. */
  | "end"
  /** A block with codes does, and is of the type and with the codes of the rule; no mark follows. */
  | "block"
  /** So is this one, and an empty stored block should follow it. */
  | "marked-block";

/**
 * Follows a member's blocks by the rule of its encoder, and says of each what the rule foretells.
 *
 * It looks at plain bytes, tokens and headers alone, and counts the bits itself: only the place within a byte
 * matters, and each member begins with a whole one.
 */
export class BlockForesight {
  readonly #queue = new PlainQueue();
  readonly #cuts = new ContentCuts(this.#queue);
  readonly #block = new GnuBlock();
  readonly #builder = new ZlibTreeBuilder();
  #rule: GnuBlockRule | undefined;
  /** Where the first cut of the block is due. */
  #cut: number | undefined;
  /** Whether the block has tokens after those that should have ended it. */
  #isBeyond = false;
  /** Bits of the byte that is begun. */
  #bit = 0;
  #missedCuts = 0;

  /** @param rule of the encoder, if it has one */
  memberStart(rule: GnuBlockRule | undefined): void {
    this.#rule = rule;
    this.#queue.clear();
    this.#bit = 0;
    this.#missedCuts = 0;
  }

  blockStart(): void {
    if (this.#rule === undefined) return;
    this.#block.begin(this.#rule);
    this.#cuts.begin();
    this.#cut = undefined;
    this.#isBeyond = false;
  }

  /** Takes the next bytes of the block, with their tokens unless they were stored. */
  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    if (this.#rule === undefined) return;
    this.#queue.append(plain);
    this.#cut = this.#cuts.search();
    this.#queue.shift(plain.length);
    if (tokens !== undefined) this.#addTokens(tokens);
  }

  /**
   * The block ends.
   *
   * @param isMade whether its codes, if it has a description of them, are those of zlib's rule
   */
  blockEnd(header: BlockHeader, isMade: boolean): Foresight {
    if (this.#rule === undefined) return "none";
    this.#countCut();
    if (header.kind === "stored") return this.#endStored(header);
    const tree = header.kind === "dynamic" ? header.tree : undefined;
    this.#countBits(tree);
    const isForeseen = isMade && !header.isFinal && this.#isRightType(tree);
    return isForeseen ? this.#end() : "none";
  }

  /** The mark has been passed that should follow: an empty stored block. */
  passMark(): void {
    this.#bit = 0;
  }

  /** @param tree of the block; fixed codes have none */
  #countBits(tree: TreeDescription | undefined): void {
    const { counts } = this.#block;
    const bits = tree === undefined ? fixedBits(counts) : dynamicBits(counts, tree);
    this.#bit = (this.#bit + TYPE_BITS + bits) % 8;
  }

  #isRightType(tree: TreeDescription | undefined): boolean {
    const { counts } = this.#block;
    return isFixedShorter(counts, tree ?? this.#builder.build(counts)) === (tree === undefined);
  }

  #end(): Foresight {
    const isFull = !this.#isBeyond && this.#block.isFull();
    if (this.#cut === undefined) return isFull ? "block" : "none";
    if (this.#isBeyond || !this.#isCutAt(this.#cut)) return "none";
    return this.#bit === 0 ? "block" : "marked-block";
  }

  #endStored({ isFinal, padding }: Extract<BlockHeader, { kind: "stored" }>): Foresight {
    this.#bit = 0;
    const isForetold = this.#cut !== undefined && this.#cut + 1 === this.#queue.position;
    return isForetold && !isFinal && padding === 0 ? "end" : "none";
  }

  #addTokens(tokens: Uint32Array): void {
    const block = this.#block;
    let at = 0;
    while (at < tokens.length) {
      this.#isBeyond ||= block.isFull();
      if (this.#isBeyond) break;
      const to = Math.min(tokens.length, at + block.free);
      block.add(tokens, at, to);
      at = to;
    }
    block.counts.add(tokens, at, tokens.length);
  }

  /** Whether the block ends with the token that the byte belongs to. */
  #isCutAt(cut: number): boolean {
    return this.#queue.position - this.#block.lastBytes <= cut;
  }

  #countCut(): void {
    if (this.#cut === undefined) return;
    const isMissed = this.#queue.position > this.#cut + LONGEST_MATCH;
    this.#missedCuts = isMissed ? this.#missedCuts + 1 : 0;
    if (this.#missedCuts > MOST_MISSED_CUTS) this.#rule = undefined;
  }
}
