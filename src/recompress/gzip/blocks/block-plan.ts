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

/**
 * Where a block ends: after so much as the model counts it, for stored blocks in bytes; with the framing's
 * block; or with the member, as the final one does.
 */
export type BlockSize = number | "frame" | "member";

/** A block as the recipe has it. */
export type BlockPlan = {
  readonly isFinal: boolean;
  readonly size: BlockSize;
} & (
  | { readonly kind: "stored"; readonly padding: number }
  | { readonly kind: "fixed" }
  | { readonly kind: "dynamic"; readonly codes: CodesPlan }
);

/** Two bits say the type as the stream does (RFC 1951 section 3.2.3), one that it is final. */
const TYPES = ["stored", "fixed", "dynamic"] as const;
const FINAL = 4;
const VARIANT = 8;

/** Where codes come from: variant 0 is the column of trees. Their order is part of the recipe. */
const MADE = [
  { kind: "made", rule: "zlib", span: "block" },
  { kind: "made", rule: "zlib", span: "segment" },
  { kind: "made", rule: "go", span: "block" },
  { kind: "made", rule: "go", span: "segment" },
  { kind: "made", rule: "go-untrimmed", span: "block" },
  { kind: "made", rule: "go-untrimmed", span: "segment" },
] as const satisfies readonly CodesPlan[];

/** The largest number that can stand in the column of blocks. */
export const LARGEST_BLOCK_RECORD: number = MADE.length * VARIANT + FINAL + 3;

/** What one number in the column of blocks says. */
export interface BlockRecord {
  readonly type: (typeof TYPES)[number];
  readonly isFinal: boolean;
  /** Of dynamic blocks: who made the codes, or `undefined` when they are told in the column of trees. */
  readonly made: Extract<CodesPlan, { kind: "made" }> | undefined;
  /** Of stored blocks: the padding is not 0 and is told in the column of trees. */
  readonly hasPadding: boolean;
}

/** @returns the number for the column of blocks. */
export function formatBlockRecord(record: BlockRecord): number {
  const { made } = record;
  const place = MADE.findIndex((one) => one.rule === made?.rule && one.span === made.span);
  const variant = record.hasPadding ? 1 : place + 1;
  return TYPES.indexOf(record.type) + (record.isFinal ? FINAL : 0) + variant * VARIANT;
}

/** @throws {RecipeError} when the number says nothing. */
export function parseBlockRecord(number: number): BlockRecord {
  const type = TYPES[number % FINAL];
  const variant = Math.floor(number / VARIANT);
  const made = type === "dynamic" ? MADE[variant - 1] : undefined;
  const hasPadding = type === "stored" && variant === 1;
  if (type === undefined || (variant > 0 && made === undefined && !hasPadding)) {
    throw new RecipeError("the table of blocks names a kind of block that there is not");
  }
  return { type, isFinal: number % VARIANT >= FINAL, made, hasPadding };
}
