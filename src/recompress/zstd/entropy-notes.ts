import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { literalLengthCode, matchLengthCode, offsetCode } from "./codes.ts";
import type { DecodedBlock, SequencesSection } from "./decoded-block.ts";

/** Where the bits of the modes byte begin: literal lengths, offsets, match lengths. */
export const MODE_SHIFTS = [6, 4, 2] as const;

/** The modes of RFC 8878 section 3.1.1.3.2.1. */
export const TABLE_MODES = ["predefined", "rle", "described", "repeat"] as const;

const MOST_NOTE_BYTES = 256;
const KINDS = ["none", "predefined", "rle", "described"] as const;

/** A table that a later block may use again. */
export interface TableNote {
  readonly kind: "predefined" | "rle" | "described";
  /** The description; the one code of `rle`; empty when predefined. */
  readonly bytes: Uint8Array;
}

/** The Huffman tree and the tables of literal lengths, offsets and match lengths that a block leaves behind. */
export interface EntropyNotes {
  readonly tree: TableNote | undefined;
  readonly tables: readonly (TableNote | undefined)[];
}

/** Follows which tables a frame's next block could use again (RFC 8878 sections 3.1.1.3.1.3 and 3.1.1.3.2.1). */
export class EntropyTracker {
  #tree: TableNote | undefined;
  readonly #tables: (TableNote | undefined)[] = [undefined, undefined, undefined];

  /** @returns what holds now. */
  get notes(): EntropyNotes {
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
  mode: TableNote["kind"],
  sequences: SequencesSection,
  kind: number,
): Uint8Array {
  if (mode === "rle") return Uint8Array.of(firstCode(sequences.sequences, kind));
  return mode === "described"
    ? (sequences.tables[kind]?.slice() ?? new Uint8Array(0))
    : new Uint8Array(0);
}

/** @returns the code that all sequences have when the table has one only. */
export function firstCode(sequences: Int32Array, kind: number): number {
  if (kind === 0) return literalLengthCode(sequences[0] ?? 0);
  if (kind === 1) return offsetCode(sequences[2] ?? 1);
  return matchLengthCode(sequences[1] ?? 3);
}

/** Writes what holds: for each of the four how it is made, and the size and the bytes of what that takes. */
export function writeEntropyNotes(column: ColumnWriter, notes: EntropyNotes): void {
  for (const note of [notes.tree, ...notes.tables]) {
    column.number(KINDS.indexOf(note?.kind ?? "none"));
    if (note === undefined) continue;
    column.number(note.bytes.length);
    column.raw(note.bytes);
  }
}

/** @throws {RecipeError} when the column does not hold what {@link writeEntropyNotes} writes. */
export function readEntropyNotes(column: ColumnReader): EntropyNotes {
  const [tree, ...tables] = Array.from({ length: 4 }, () => readNote(column));
  return { tree, tables };
}

function readNote(column: ColumnReader): TableNote | undefined {
  const kind = KINDS[column.numberUpTo(KINDS.length - 1)] ?? "none";
  if (kind === "none") return undefined;
  return { kind, bytes: column.raw(column.numberUpTo(MOST_NOTE_BYTES)) };
}
