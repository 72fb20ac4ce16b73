import { RecipeError } from "../../recipe-error.ts";
import type { BitWriter } from "../bit-writer.ts";
import type { Framing } from "../framing.ts";
import { SymbolCounts } from "../huffman/symbol-counts.ts";
import { TokenCodes } from "../huffman/token-codes.ts";
import { TreeBuilders } from "../huffman/tree-builders.ts";
import type { TokenModel, TokenProducer } from "../token-model.ts";
import type { TreeDescription } from "./block-header.ts";
import type { BlockPlan, CodesPlan } from "./block-plan.ts";
import { ContentCuts } from "./content-cuts.ts";
import { ForetoldBlock } from "./foretold-block.ts";
import type { PlainQueue } from "./plain-queue.ts";
import { frameEnd, MOST_GATHERED_TOKENS, segmentEnd } from "./segments.ts";
import { putTree } from "./tree-bits.ts";

const FIRST_TOKENS = 64 * 1024;
const LARGEST_STORED_BYTES = 65_535;
/** Types of blocks as the stream has them (RFC 1951 section 3.2.3). */
const TYPE_BITS = { stored: 0, fixed: 1, dynamic: 2 } as const;

/** What a block belongs to. */
export interface BlockContext {
  readonly producer: TokenProducer;
  readonly sizeUnit: TokenModel["sizeUnit"];
  readonly blockRule?: TokenModel["blockRule"];
  readonly framing: Framing;
  /** Plain bytes of the member before the producer's position 0. */
  readonly base: number;
  /** Where the member ends, as the producer counts. */
  readonly endByte: number;
}

/**
 * Writes deflate blocks: asks the producer for a block's tokens, makes the codes, writes both.
 *
 * Tokens gather while the codes depend on them; once the codes are known they are written as they come.
 */
export class BlockRebuilder {
  readonly #writer: BitWriter;
  readonly #queue: PlainQueue;
  readonly #builders = new TreeBuilders();
  readonly #counts = new SymbolCounts();
  readonly #codes = new TokenCodes();
  readonly #cuts: ContentCuts;
  #foretold: ForetoldBlock | undefined;
  #tokens = new Uint32Array(FIRST_TOKENS);
  /** Tokens gathered and not yet written. */
  #gathered = 0;
  #context: BlockContext | undefined;
  #plan: BlockPlan = { kind: "fixed", isFinal: true, end: { kind: "member" } };
  /** Where the block ends: before this byte, as the producer counts, and after so many tokens more. */
  #untilByte = 0;
  #tokensLeft = 0;
  /** Whether the end of the stored block must be found first. */
  #isCutAhead = false;
  /** While codes are to be made: where the gathering ends. */
  #gather: Extract<CodesPlan, { kind: "made" }> | undefined;
  #gatherUntilByte = 0;
  #gatherTokens = 0;

  constructor(writer: BitWriter, queue: PlainQueue) {
    this.#writer = writer;
    this.#queue = queue;
    this.#cuts = new ContentCuts(queue);
  }

  /** @throws {RecipeError} when the block cannot be there. */
  start(plan: BlockPlan, context: BlockContext): void {
    this.#plan = plan;
    this.#context = context;
    this.#gathered = 0;
    this.#gather = undefined;
    if (plan.kind === "foretold") {
      this.#startForetold(context);
      return;
    }
    this.#setEnd(plan, context);
    this.#writer.put((plan.isFinal ? 1 : 0) | (TYPE_BITS[plan.kind] << 1), 3);
    if (plan.kind === "stored") this.#startStored(plan);
    else if (plan.kind === "fixed") this.#codes.loadFixed();
    else this.#startDynamic(plan.codes, context);
  }

  /**
   * Writes what it can of the block.
   *
   * @returns whether the block is complete; if not, the producer needs more plain bytes.
   * @throws {RecipeError} when the recipe does not fit the plain bytes.
   */
  advance(): boolean {
    const context = this.#context;
    if (context === undefined) return true;
    if (this.#plan.kind === "foretold") return this.#foretold?.advance() ?? true;
    if (this.#plan.kind === "stored") return this.#advanceStored(context);
    if (this.#gather !== undefined) {
      if (!this.#gatherTokensOf(context.producer)) return false;
      this.#makeCodes(this.#gather);
      this.#gather = undefined;
    }
    if (!this.#streamTokens(context.producer)) return false;
    this.#writer.putEntry(this.#codes.endOfBlock);
    return true;
  }

  #setEnd({ kind, end }: BlockPlan, context: BlockContext): void {
    const { producer, framing, base, endByte } = context;
    this.#tokensLeft = Infinity;
    this.#untilByte = endByte;
    if (end.kind === "member" || end.kind === "foretold") return;
    const hasCodes = kind !== "stored";
    const size = end.kind === "size" || hasCodes ? end.size : Infinity;
    if (hasCodes && context.sizeUnit === "tokens") this.#tokensLeft = size;
    else this.#untilByte = producer.position + size;
    if (end.kind === "usual") {
      const frame = frameEnd(framing, base + producer.position) - base;
      this.#untilByte = Math.min(this.#untilByte, frame, endByte);
    }
    if (this.#untilByte > endByte) throw new RecipeError("a block goes beyond its member");
  }

  #startForetold({ producer, blockRule: rule, endByte }: BlockContext): void {
    if (rule === undefined) throw new RecipeError("the recipe foretells blocks without a rule");
    const tools = { writer: this.#writer, queue: this.#queue, cuts: this.#cuts };
    this.#foretold ??= new ForetoldBlock(tools);
    this.#foretold.start({ producer, rule, endByte });
  }

  #startStored({ padding, end }: Extract<BlockPlan, { kind: "stored" }>): void {
    this.#isCutAhead = end.kind === "foretold";
    if (this.#isCutAhead) this.#cuts.begin();
    else this.#writeStoredHead(padding);
  }

  /** @returns whether the end of the stored block is known, and its head written. */
  #findCut({ producer, endByte }: BlockContext): boolean {
    const cut = this.#cuts.search();
    if (cut === undefined) {
      const ahead = this.#queue.endPosition - this.#queue.position;
      if (ahead > LARGEST_STORED_BYTES || producer.position + ahead >= endByte) {
        throw new RecipeError("a stored block has not the end that the recipe foretells");
      }
      return false;
    }
    this.#untilByte = producer.position + cut + 1 - this.#queue.position;
    this.#writeStoredHead(0);
    this.#isCutAhead = false;
    return true;
  }

  #writeStoredHead(padding: number): void {
    const size = this.#untilByte - (this.#context?.producer.position ?? 0);
    if (size > LARGEST_STORED_BYTES) throw new RecipeError("a stored block is too large");
    this.#writer.align(padding);
    this.#writer.put(size, 16);
    this.#writer.put(size ^ 0xffff, 16);
    this.#writer.align();
  }

  #startDynamic(codes: CodesPlan, context: BlockContext): void {
    if (codes.kind === "told") {
      this.#loadTree(codes.tree);
      return;
    }
    this.#gather = codes;
    this.#gatherUntilByte = this.#untilByte;
    this.#gatherTokens = this.#tokensLeft;
    if (codes.span === "block") return;
    const { base, producer, sizeUnit, framing } = context;
    const end = segmentEnd(sizeUnit, framing, base + producer.position);
    this.#gatherUntilByte = Math.min(this.#untilByte, end.byte - base);
    this.#gatherTokens = Math.min(this.#tokensLeft, end.tokens);
  }

  #advanceStored(context: BlockContext): boolean {
    const { producer } = context;
    if (this.#isCutAhead && !this.#findCut(context)) return false;
    while (producer.position < this.#untilByte) {
      const before = producer.position;
      producer.pass(this.#untilByte);
      this.#checkPosition(producer);
      if (producer.position === before) return false;
      this.#writer.putBytes(this.#queue.shift(producer.position - before));
    }
    return true;
  }

  #gatherTokensOf(producer: TokenProducer): boolean {
    while (producer.position < this.#gatherUntilByte && this.#gathered < this.#gatherTokens) {
      if (this.#gathered === this.#tokens.length) this.#growTokens();
      const most = this.#gatherTokens - this.#gathered;
      if (!this.#produce(producer, most, this.#gatherUntilByte)) return false;
    }
    return true;
  }

  #streamTokens(producer: TokenProducer): boolean {
    this.#writeGathered();
    while (producer.position < this.#untilByte && this.#tokensLeft > 0) {
      if (!this.#produce(producer, this.#tokensLeft, this.#untilByte)) return false;
      this.#writeGathered();
    }
    if (this.#tokensLeft > 0 && this.#plan.end.kind === "size" && this.#tokensLeft < Infinity) {
      throw new RecipeError("a block has more tokens than its member");
    }
    return true;
  }

  /** @returns whether there was any progress. */
  #produce(producer: TokenProducer, most: number, untilByte: number): boolean {
    const from = this.#gathered;
    const to = Math.min(this.#tokens.length, from + most);
    const before = producer.position;
    this.#gathered = producer.produce(this.#tokens, { from, to, untilByte });
    this.#checkPosition(producer);
    this.#queue.shift(producer.position - before);
    return this.#gathered > from;
  }

  #checkPosition(producer: TokenProducer): void {
    if (producer.position <= this.#untilByte) return;
    throw new RecipeError("a block ends within a token");
  }

  #growTokens(): void {
    if (this.#tokens.length >= MOST_GATHERED_TOKENS) {
      throw new RecipeError("a block has too many tokens to make its codes from");
    }
    const larger = new Uint32Array(2 * this.#tokens.length);
    larger.set(this.#tokens);
    this.#tokens = larger;
  }

  #writeGathered(): void {
    const to = this.#gathered;
    this.#writer.putTokens(this.#tokens, this.#codes, { from: 0, to });
    this.#tokensLeft -= to;
    this.#gathered = 0;
  }

  #makeCodes({ rule }: Extract<CodesPlan, { kind: "made" }>): void {
    this.#counts.clear();
    this.#counts.add(this.#tokens, 0, this.#gathered);
    this.#loadTree(this.#builders.build(rule, this.#counts));
  }

  #loadTree(tree: TreeDescription): void {
    putTree(this.#writer, tree);
    this.#codes.load(tree);
  }
}
