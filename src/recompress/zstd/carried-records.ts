import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { literalLengthCode, matchLengthCode, offsetCode } from "./codes.ts";
import type { DecodedBlock, SequencesSection } from "./decoded-block.ts";
import type { CarriedTable, CarriedTables } from "./write/carried-tables.ts";

/** Where the bits of the modes byte begin: literal lengths, offsets, match lengths. */
export const MODE_SHIFTS = [6, 4, 2] as const;

/** The modes of RFC 8878 section 3.1.1.3.2.1. */
export const TABLE_MODES = ["predefined", "rle", "described", "repeat"] as const;

const MOST_CARRIED_BYTES = 256;
const KINDS = ["none", "predefined", "rle", "described"] as const;

/** Follows which tables a frame's next block could use again (RFC 8878 sections 3.1.1.3.1.3 and 3.1.1.3.2.1). */
export class CarriedTracker {
  #tree: CarriedTable | undefined;
  readonly #tables: (CarriedTable | undefined)[] = [undefined, undefined, undefined];

  /** @returns what holds now. */
  get carried(): CarriedTables {
    return { tree: this.#tree, tables: [...this.#tables] };
  }

  /** A frame begins with nothing. */
  reset(): void {
    this.#tree = undefined;
    this.#tables.fill(undefined);
  }

  take({ literals, sequences }: DecodedBlock): void {
    if (literals?.tree !== undefined) {
      this.#tree = { kind: "described", bytes: literals.tree.slice() };
    }
    if (sequences === undefined || sequences.count === 0) return;
    for (const [kind, shift] of MODE_SHIFTS.entries()) {
      const mode = TABLE_MODES[(sequences.modes >> shift) & 3] ?? "repeat";
      if (mode === "repeat") continue;
      this.#tables[kind] = { kind: mode, bytes: tableBytes(mode, sequences, kind) };
    }
  }
}

function tableBytes(
  mode: CarriedTable["kind"],
  sequences: SequencesSection,
  kind: number,
): Uint8Array {
  if (mode === "rle") return Uint8Array.of(firstCode(sequences.sequences, kind));
  return mode === "described"
    ? (sequences.tables[kind]?.slice() ?? new Uint8Array(0))
    : new Uint8Array(0);
}

/** @returns the code that all sequences have when the table has one only. */
function firstCode(sequences: Int32Array, kind: number): number {
  if (kind === 0) return literalLengthCode(sequences[0] ?? 0);
  if (kind === 1) return offsetCode(sequences[2] ?? 1);
  return matchLengthCode(sequences[1] ?? 3);
}

/** Writes what holds: for each of the four how it is made, and the size and the bytes of what that takes. */
export function writeCarriedTables(column: ColumnWriter, carried: CarriedTables): void {
  for (const table of [carried.tree, ...carried.tables]) {
    column.number(KINDS.indexOf(table?.kind ?? "none"));
    if (table === undefined) continue;
    column.number(table.bytes.length);
    column.raw(table.bytes);
  }
}

/** @throws {RecipeError} when the column does not hold what {@link writeCarriedTables} writes. */
export function readCarriedTables(column: ColumnReader): CarriedTables {
  const [tree, ...tables] = Array.from({ length: 4 }, () => readCarried(column));
  return { tree, tables };
}

function readCarried(column: ColumnReader): CarriedTable | undefined {
  const kind = KINDS[column.numberUpTo(KINDS.length - 1)] ?? "none";
  if (kind === "none") return undefined;
  return { kind, bytes: column.raw(column.numberUpTo(MOST_CARRIED_BYTES)) };
}
