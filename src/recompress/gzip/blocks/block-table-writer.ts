import type { Framing } from "../framing.ts";
import type { GzipColumnWriters } from "../gzip-columns.ts";
import { SymbolCounts } from "../huffman/symbol-counts.ts";
import { isSameTree, TreeBuilders } from "../huffman/tree-builders.ts";
import type { TokenModel } from "../token-model.ts";
import { BlockForesight } from "./block-foresight.ts";
import type { BlockHeader, TreeDescription } from "./block-header.ts";
import { formatBlockRecord } from "./block-plan.ts";
import type { BlockVariant, CodesPlan } from "./block-plan.ts";
import { frameEnd, MOST_GATHERED_TOKENS, segmentEnd } from "./segments.ts";
import type { SegmentEnd } from "./segments.ts";
import { SizeWriter } from "./size-column.ts";
import { writeTree } from "./tree-column.ts";

/** The columns of the block table. */
export type BlockColumns = Pick<GzipColumnWriters, "blocks" | "sizes" | "trees">;

/** What the table has to know of a member's encoder. */
export interface BlockModel {
  readonly sizeUnit: TokenModel["sizeUnit"];
  readonly treeRules: TokenModel["treeRules"];
  readonly blockRule?: TokenModel["blockRule"];
  readonly framing: Framing;
}

type MadeCodes = Extract<CodesPlan, { kind: "made" }>;

const FORETOLD = formatBlockRecord({ type: "foretold", isFinal: false, variant: "plain" });

/**
 * Writes the table of blocks: where each one ends, of what type it is, and how its codes are made.
 *
 * It is told of a member's blocks as they are read. It keeps counts of symbols and no tokens; at a
 * block's end it makes the codes again by each rule that the model names until one gives the block's own
 * description, or writes the description down. Where the model names a rule for its blocks, one record that
 * says nothing stands for a block with codes that is as the rule foretells, and for the mark behind it.
 */
export class BlockTableWriter {
  readonly #columns: BlockColumns;
  readonly #sizes: SizeWriter;
  readonly #builders = new TreeBuilders();
  readonly #foresight = new BlockForesight();
  readonly #counts = new SymbolCounts();
  /** What the first segment used, once the block has gone beyond it. */
  readonly #segmentCounts = new SymbolCounts();
  #model: BlockModel = { sizeUnit: "bytes", treeRules: [], framing: { kind: "none" } };
  #header: BlockHeader = { kind: "fixed", isFinal: true };
  #segment: SegmentEnd = { byte: 0, tokens: 0 };
  #isBeyondSegment = false;
  /** Plain bytes of the member so far, and how many of them came before the block. */
  #position = 0;
  #blockStart = 0;
  #tokens = 0;
  #lastMade: MadeCodes | undefined;
  /** Set while the block before is as foretold if a mark follows: how else it is to be told. */
  #pending: BlockVariant | undefined;
  #isMark = false;
  /** Records of the member so far. */
  #records = 0;
  #marked: number[] = [];

  constructor(columns: BlockColumns) {
    this.#columns = columns;
    this.#sizes = new SizeWriter(columns.sizes);
  }

  /** A member begins. Call before its first block. */
  memberStart(model: BlockModel): void {
    this.#model = model;
    this.#position = 0;
    this.#lastMade = undefined;
    this.#sizes.memberStart();
    this.#foresight.memberStart(model.blockRule);
    this.#pending = undefined;
    this.#records = 0;
    this.#marked = [];
  }

  /** Whether the next block begins a record, so that a rebuild can begin with it; else it may belong to the last one's. */
  get isBetweenRecords(): boolean {
    return this.#pending === undefined;
  }

  /** Records of the member before each {@link mark}. */
  get marked(): readonly number[] {
    return this.#marked;
  }

  /** A rebuild might begin with the next block. Call only while {@link isBetweenRecords}. */
  mark(): void {
    this.#marked.push(this.#records);
  }

  /** @param header read again when the block ends */
  blockStart(header: BlockHeader): void {
    this.#isMark = this.#pending !== undefined && isMark(header);
    if (this.#pending !== undefined) this.#settle(this.#pending);
    if (this.#isMark) return;
    this.#foresight.blockStart();
    this.#header = header;
    this.#blockStart = this.#position;
    this.#tokens = 0;
    if (header.kind !== "dynamic") return;
    this.#counts.clear();
    this.#isBeyondSegment = false;
    this.#segment = segmentEnd(this.#model.sizeUnit, this.#model.framing, this.#position);
  }

  /** Takes the next bytes of the block, with their tokens unless they were stored. Keeps neither. */
  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#foresight.stretch(plain, tokens);
    const count = tokens?.length ?? 0;
    if (tokens !== undefined && this.#header.kind === "dynamic") {
      const within = this.#isBeyondSegment ? 0 : this.#countInSegment(plain.length, tokens);
      this.#counts.add(tokens, 0, within);
      if (within < count && !this.#isBeyondSegment) {
        this.#segmentCounts.copyFrom(this.#counts);
        this.#isBeyondSegment = true;
      }
      this.#counts.add(tokens, within, count);
    }
    this.#tokens += count;
    this.#position += plain.length;
  }

  blockEnd(): void {
    if (this.#isMark) {
      this.#foresight.passMark();
      return;
    }
    const header = this.#header;
    const variant = this.#variantOf(header);
    const isMade = header.kind === "fixed" || isZlibBlock(variant);
    const foresight = this.#foresight.blockEnd(header, isMade);
    if (foresight === "marked-block") this.#pending = variant;
    else if (foresight === "block") this.#record(FORETOLD);
    else this.#tell(foresight === "end" ? "cut" : variant);
  }

  /** Tells the block before, now that it is known whether a mark follows. */
  #settle(variant: BlockVariant): void {
    this.#pending = undefined;
    if (this.#isMark) this.#record(FORETOLD);
    else this.#tell(variant);
  }

  #tell(variant: BlockVariant): void {
    const header = this.#header;
    const { kind, isFinal } = header;
    this.#record(formatBlockRecord({ type: kind, isFinal, variant }));
    const { trees } = this.#columns;
    if (!isFinal && variant !== "empty" && variant !== "cut") this.#writeSize();
    if (kind === "stored" && variant === "padded") trees.number(header.padding);
    if (kind === "dynamic" && variant === "plain") writeTree(trees, header.tree);
  }

  #record(number: number): void {
    this.#columns.blocks.number(number);
    this.#records++;
  }

  #variantOf(header: BlockHeader): BlockVariant {
    if (header.kind === "dynamic") return this.#findRule(header.tree) ?? "plain";
    if (header.kind === "stored" && header.padding !== 0) return "padded";
    return this.#position === this.#blockStart && !header.isFinal ? "empty" : "plain";
  }

  #writeSize(): void {
    const hasCodes = this.#header.kind !== "stored";
    const bytes = this.#position - this.#blockStart;
    const isInTokens = hasCodes && this.#model.sizeUnit === "tokens";
    const size = isInTokens ? this.#tokens : bytes;
    if (bytes > 0 && this.#isUsual(size, hasCodes)) this.#sizes.writeUsual();
    else this.#sizes.write(size, hasCodes);
  }

  /** Whether neither the usual size nor the end of the framing's block would have come earlier. */
  #isUsual(size: number, hasCodes: boolean): boolean {
    const end = frameEnd(this.#model.framing, this.#blockStart);
    const usual = hasCodes ? this.#sizes.usual : Infinity;
    if (this.#position > end || size > usual) return false;
    return this.#position === end || size === usual;
  }

  /** How many of the tokens begin within the block's first segment. */
  #countInSegment(plainBytes: number, tokens: Uint32Array): number {
    const { byte, tokens: most } = this.#segment;
    const room = Math.min(tokens.length, most - this.#tokens);
    if (this.#position + plainBytes <= byte) return room;
    let left = byte - this.#position;
    let count = 0;
    while (count < room && left > 0) {
      const token = tokens[count] ?? 0;
      left -= token < 256 ? 1 : token >>> 16;
      count++;
    }
    return count;
  }

  #findRule(tree: TreeDescription): MadeCodes | undefined {
    const last = this.#lastMade;
    if (last !== undefined && this.#isMade(last, tree)) return last;
    for (const rule of this.#model.treeRules) {
      for (const span of ["block", "segment"] as const) {
        const made: MadeCodes = { kind: "made", rule, span };
        if (last?.rule === rule && last.span === span) continue;
        if (!this.#isMade(made, tree)) continue;
        this.#lastMade = made;
        return made;
      }
    }
    return undefined;
  }

  #isMade({ rule, span }: MadeCodes, tree: TreeDescription): boolean {
    if (span === "segment") {
      return (
        this.#isBeyondSegment && isSameTree(this.#builders.build(rule, this.#segmentCounts), tree)
      );
    }
    if (this.#tokens > MOST_GATHERED_TOKENS) return false;
    return isSameTree(this.#builders.build(rule, this.#counts), tree);
  }
}

/** Whether it is the empty stored block that follows a cut by content. */
function isMark(header: BlockHeader): boolean {
  return header.kind === "stored" && header.size === 0 && header.padding === 0 && !header.isFinal;
}

function isZlibBlock(variant: BlockVariant): boolean {
  return typeof variant !== "string" && variant.rule === "zlib" && variant.span === "block";
}
