import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import { CHOICE_RULES, type ChoiceRule, NEWEST_RULE } from "./choices/choice-rules.ts";
import { BORDER_KINDS, type BorderKind } from "./frame-borders.ts";
import { LARGEST_BLOCK_BYTES } from "./limits.ts";

/** Streams whose windows are larger have no recipe. */
export const MOST_WINDOW_BYTES = 64 * 1024 * 1024;
const LEAST_WINDOW_BYTES = 1024;

/** What holds for a whole stream: the column `head`. */
export interface ZstdHead {
  /** Which engine found the sequences; see `zstd-engines.ts`. */
  readonly engine: number;
  /** The encoder's window. Frames may raise it. */
  readonly windowBytes: number;
  /** Plain bytes of a block, as a rule. */
  readonly blockBytes: number;
  /** One of {@link CHOICE_RULES}. */
  readonly rule: ChoiceRule;
  readonly borders: BorderKind;
  /** Whether the last block of a frame is an empty one: the encoder was made to flush before it was told the end. */
  readonly endsEmpty: boolean;
  /** Of encoders that work in jobs. */
  readonly jobs: JobSettings | undefined;
}

/** How an encoder that cuts frames into jobs does it. */
export interface JobSettings {
  /** Plain bytes of a job. */
  readonly jobBytes: number;
  /** The plain byte at which the second job begins in the first frame that has one: before it nothing shows. */
  readonly from: number;
}

/** Writes the column `head`: the numbers in this order. */
export function writeZstdHead(column: ColumnWriter, head: ZstdHead): void {
  column.number(head.engine);
  column.number(head.windowBytes);
  column.number(head.blockBytes);
  column.number(CHOICE_RULES.indexOf(head.rule));
  column.number(BORDER_KINDS.indexOf(head.borders));
  column.number(head.endsEmpty ? 1 : 0);
  column.number(head.jobs?.jobBytes ?? 0);
  if (head.jobs !== undefined) column.number(head.jobs.from);
}

/** @throws {RecipeError} when the column does not say what can be. */
export function readZstdHead(column: ColumnReader): ZstdHead {
  const engine = column.number();
  const windowBytes = column.numberUpTo(MOST_WINDOW_BYTES);
  const blockBytes = column.numberUpTo(LARGEST_BLOCK_BYTES);
  const rule = CHOICE_RULES[column.numberUpTo(CHOICE_RULES.length - 1)] ?? NEWEST_RULE;
  const borders = BORDER_KINDS[column.numberUpTo(BORDER_KINDS.length - 1)] ?? "end";
  const endsEmpty = column.numberUpTo(1) === 1;
  const jobBytes = column.number();
  if (windowBytes < LEAST_WINDOW_BYTES) throw new RecipeError("the recipe's window is too small");
  if (blockBytes === 0) throw new RecipeError("the recipe's blocks are empty");
  if (jobBytes > 0 && jobBytes < LARGEST_BLOCK_BYTES) {
    throw new RecipeError("the recipe's jobs are too small");
  }
  const jobs = jobBytes === 0 ? undefined : { jobBytes, from: column.number() };
  return { engine, windowBytes, blockBytes, rule, borders, endsEmpty, jobs };
}
