import { RecipeError } from "../../recipe-error.ts";
import type { TreeRule } from "../token-model.ts";
import type { TreeDescription } from "./block-header.ts";

/**
 * What the codes of a block were made from: all its tokens, or those of its first segment.
 *
 * klauspost's encoder works through the input in segments. When the codes of the segment before do well
 * for the next one, it goes on with the same block; so the codes fit the block's first segment alone.
 */
export type TreeSpan = "block" | "segment";

/** How to make a block's codes again. */
export type CodesPlan =
  | { readonly kind: "told"; readonly tree: TreeDescription }
  | { readonly kind: "made"; readonly rule: TreeRule; readonly span: TreeSpan };

/** Where a block ends. */
export type BlockEnd =
  /** After so much as the model counts it, of stored blocks in bytes. */
  | { readonly kind: "size"; readonly size: number }
  /** After so much at most, or earlier where the framing's block ends. Stored blocks have no size. */
  | { readonly kind: "usual"; readonly size: number }
  /** With the member: the final block. */
  | { readonly kind: "member" }
  /** Where the rule of the member's encoder says. */
  | { readonly kind: "foretold" };

/** A block as the recipe has it. */
export type BlockPlan = {
  readonly isFinal: boolean;
  readonly end: BlockEnd;
} & (
  | { readonly kind: "stored"; readonly padding: number }
  | { readonly kind: "fixed" }
  | { readonly kind: "dynamic"; readonly codes: CodesPlan }
  /** Fixed or dynamic; with the empty stored block that may follow it, see `foretold-block.ts`. */
  | { readonly kind: "foretold" }
);

/**
 * What is there to know of a block beside its type: nothing; that it is empty, as those are that only
 * mark a place; that its padding is not 0 and stands in the column of trees; that it ends where the
 * encoder's rule says; or how its codes are made.
 */
export type BlockVariant =
  | "plain"
  | "empty"
  | "padded"
  | "cut"
  | Extract<CodesPlan, { kind: "made" }>;

/** What one number in the column of blocks says. */
export interface BlockRecord {
  /** `foretold`: all that follows from the encoder's rule. Such a block is not final. */
  readonly type: "stored" | "fixed" | "dynamic" | "foretold";
  readonly isFinal: boolean;
  readonly variant: BlockVariant;
}

/**
 * Two bits say the type as the stream does (RFC 1951 section 3.2.3), or that there is nothing to say; one
 * that it is final.
 */
const TYPES = ["stored", "fixed", "dynamic", "foretold"] as const;
const FINAL = 4;
const VARIANT = 8;

/** The variants of each type; their order is part of the recipe. */
const VARIANTS = {
  stored: ["plain", "padded", "empty", "cut"],
  fixed: ["plain", "empty"],
  dynamic: [
    "plain",
    { kind: "made", rule: "zlib", span: "block" },
    { kind: "made", rule: "zlib", span: "segment" },
    { kind: "made", rule: "go", span: "block" },
    { kind: "made", rule: "go", span: "segment" },
    { kind: "made", rule: "go-untrimmed", span: "block" },
    { kind: "made", rule: "go-untrimmed", span: "segment" },
  ],
  foretold: ["plain"],
} as const satisfies Record<BlockRecord["type"], readonly BlockVariant[]>;

/** The largest number that can stand in the column of blocks. */
export const LARGEST_BLOCK_RECORD: number = VARIANTS.dynamic.length * VARIANT - 1;

/** @returns the number for the column of blocks. */
export function formatBlockRecord({ type, isFinal, variant }: BlockRecord): number {
  const place = VARIANTS[type].findIndex((one) => isSameVariant(one, variant));
  return TYPES.indexOf(type) + (isFinal ? FINAL : 0) + place * VARIANT;
}

/** @throws {RecipeError} when the number says nothing. */
export function parseBlockRecord(number: number): BlockRecord {
  const type = TYPES[number % FINAL];
  const variants: readonly BlockVariant[] = type === undefined ? [] : VARIANTS[type];
  const variant = variants[Math.floor(number / VARIANT)];
  const isFinal = number % VARIANT >= FINAL;
  const isForetold = type === "foretold" || variant === "cut";
  if (type === undefined || variant === undefined || (isFinal && isForetold)) {
    throw new RecipeError("the table of blocks names a kind of block that there is not");
  }
  return { type, isFinal, variant };
}

function isSameVariant(one: BlockVariant, other: BlockVariant): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.rule === other.rule && one.span === other.span;
}
