/**
 * Which tables code a block's sequences (RFC 8878 section 3.1.1.3.2.1): the format's, the last ones, new ones.
 *
 * A code that all sequences have needs no table. Else the costs are reckoned. A new table costs its
 * description as well, taken for the longest there could be, and a sixteenth and 16 bits of all that. Of equal
 * costs the format's table comes first, then the last one. A run or the format's table is never the last one.
 */
import { CODE_KINDS, type CodeKind } from "../codes.ts";
import type { SequenceStatistics, TableKind } from "../tables/sequence-statistics.ts";
import type { TableCells } from "../tables/sequence-tables.ts";
import { mostDescriptionBits, reckonedBits } from "../tables/table-cost.ts";
import type { ChoiceRule } from "./choice-rules.ts";

const MODES = { predefined: 0, rle: 1, described: 2, repeat: 3 } as const;
const TABLE_KINDS = [0, 1, 2] as const;
const FIRST_SHIFT = 6;
const SHIFT = 2;
const PENALTY_SHIFT = 4;
const PENALTY_BITS = 256;

/** By kind: those of the format. */
const DEFAULT_TABLES = [
  defaultTable(CODE_KINDS[0]),
  defaultTable(CODE_KINDS[1]),
  defaultTable(CODE_KINDS[2]),
] as const;

/** By kind: the tables that can be used again. */
export type LastTables = readonly (TableCells | undefined)[];

/** @returns the byte of modes that the encoder would write. */
export function chooseModes(
  sequences: SequenceStatistics,
  last: LastTables,
  rule: ChoiceRule,
): number {
  return TABLE_KINDS.reduce<number>((modes, kind) => {
    const mode = MODES[modeOf(sequences, { kind, last: last[kind], rule })];
    return modes | (mode << (FIRST_SHIFT - SHIFT * kind));
  }, 0);
}

interface TableQuestion {
  readonly kind: TableKind;
  readonly last: TableCells | undefined;
  readonly rule: ChoiceRule;
}

function modeOf(
  sequences: SequenceStatistics,
  { kind, last, rule }: TableQuestion,
): keyof typeof MODES {
  const made = sequences.table(kind);
  if (made === undefined) return "rle";
  const histogram = sequences.histogram(kind);
  const cost = (table: TableCells): number => {
    return reckonedBits(histogram, table) + (rule.weighsEnds ? table.log : 0);
  };
  const predefined = cost(DEFAULT_TABLES[kind]);
  const again = last === undefined ? Infinity : cost(last);
  const described = cost(made);
  const fresh = withPenalty(reckonedBits(histogram, made) + mostDescriptionBits(made));
  const freshCost = rule.weighsEnds ? fresh + made.log : fresh;
  if (predefined <= again && predefined <= freshCost) return "predefined";
  const description = rule.weighsEnds ? sequences.description(kind) : undefined;
  const rival = description === undefined ? freshCost : described + description.length * 8;
  return again <= rival ? "repeat" : "described";
}

function withPenalty(bits: number): number {
  return bits + ((bits + PENALTY_BITS) >> PENALTY_SHIFT);
}

function defaultTable({ defaultNorm, defaultLog }: CodeKind): TableCells {
  return { cells: Int16Array.from(defaultNorm), log: defaultLog };
}
