import { RecipeError } from "../../recipe-error.ts";
import type { BitWriter } from "../bit-writer.ts";
import { dynamicBits, fixedBits } from "../huffman/code-bits.ts";
import type { SymbolCounts } from "../huffman/symbol-counts.ts";
import { TokenCodes } from "../huffman/token-codes.ts";
import { ZlibTreeBuilder } from "../huffman/zlib-tree.ts";
import type { GnuBlockRule, TokenProducer } from "../token-model.ts";
import type { TreeDescription } from "./block-header.ts";
import type { ContentCuts } from "./content-cuts.ts";
import { GnuBlock, MOST_GNU_TOKENS } from "./gnu-block.ts";
import type { PlainQueue } from "./plain-queue.ts";
import { putTree } from "./tree-bits.ts";

const TYPE_BITS = 3;
/** A block that is not final, with fixed or with dynamic codes (RFC 1951 section 3.2.3). */
const FIXED_HEAD = 1 << 1;
const DYNAMIC_HEAD = 2 << 1;

/** Where the tokens of a foretold block come from. */
export interface ForetoldSource {
  readonly producer: TokenProducer;
  readonly rule: GnuBlockRule;
  /** Where the member ends, as the producer counts. */
  readonly endByte: number;
}

/** What it takes to write the block. */
export interface ForetoldTools {
  readonly writer: BitWriter;
  readonly queue: PlainQueue;
  readonly cuts: ContentCuts;
}

/**
 * Writes a block of which the recipe says nothing, as GNU gzip does: up to where {@link ContentCuts} or
 * {@link GnuBlock} end it, with the codes that make it shorter. After a cut by content the stream is brought
 * to a byte border by an empty stored block, unless it is at one.
 */
export class ForetoldBlock {
  readonly #tools: ForetoldTools;
  readonly #block = new GnuBlock();
  readonly #builder = new ZlibTreeBuilder();
  readonly #codes = new TokenCodes();
  readonly #tokens = new Uint32Array(MOST_GNU_TOKENS);
  #source: ForetoldSource | undefined;

  constructor(tools: ForetoldTools) {
    this.#tools = tools;
  }

  /** @throws {RecipeError} when the bytes before the block are not known. */
  start(source: ForetoldSource): void {
    this.#source = source;
    this.#block.begin(source.rule);
    this.#tools.cuts.begin();
  }

  /**
   * @returns whether the block is complete; if not, the producer needs more plain bytes.
   * @throws {RecipeError} when the member ends first.
   */
  advance(): boolean {
    const source = this.#source;
    if (source === undefined) return true;
    let isCut = this.#gather(source);
    while (!isCut && !this.#block.isFull()) {
      const { tokens } = this.#block;
      isCut = this.#gather(source);
      if (!isCut && this.#block.tokens === tokens) return needsMore(source);
    }
    this.#write();
    if (isCut) this.#mark();
    return true;
  }

  /** Gathers some tokens. @returns whether a cut ends the block after them. */
  #gather({ producer, endByte }: ForetoldSource): boolean {
    const { queue, cuts } = this.#tools;
    const block = this.#block;
    const before = producer.position;
    const cut = cuts.search();
    // The queue begins at the next token.
    const cutByte = cut === undefined ? Infinity : before + cut - queue.position;
    const untilByte = Math.min(cutByte + 1, endByte);
    const from = block.tokens;
    const range = { from, to: from + block.free, untilByte };
    const to = before < untilByte ? producer.produce(this.#tokens, range) : from;
    block.add(this.#tokens, from, to);
    queue.shift(producer.position - before);
    return producer.position > cutByte;
  }

  #write(): void {
    const { writer } = this.#tools;
    const { counts, tokens } = this.#block;
    const tree = this.#builder.build(counts);
    if (isFixedShorter(counts, tree)) {
      writer.put(FIXED_HEAD, TYPE_BITS);
      this.#codes.loadFixed();
    } else {
      writer.put(DYNAMIC_HEAD, TYPE_BITS);
      putTree(writer, tree);
      this.#codes.load(tree);
    }
    writer.putTokens(this.#tokens, this.#codes, { from: 0, to: tokens });
    writer.putEntry(this.#codes.endOfBlock);
  }

  /** Writes an empty stored block (RFC 1951 section 3.2.4) if the stream is not at a byte border. */
  #mark(): void {
    const { writer } = this.#tools;
    if (writer.bit === 0) return;
    writer.put(0, TYPE_BITS);
    writer.align();
    writer.put(0, 16);
    writer.put(0xffff, 16);
  }
}

/** Whether zlib and GNU gzip take fixed codes, which they do also when both make as many bytes. */
export function isFixedShorter(counts: SymbolCounts, tree: TreeDescription): boolean {
  const bytes = (bits: number): number => Math.ceil((bits + TYPE_BITS) / 8);
  return bytes(fixedBits(counts)) <= bytes(dynamicBits(counts, tree));
}

function needsMore({ producer, endByte }: ForetoldSource): false {
  if (producer.position < endByte) return false;
  throw new RecipeError("a member ends before a block that the recipe foretells");
}
