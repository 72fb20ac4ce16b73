import { RecipeError } from "../../recipe-error.ts";
import type { CodeKind } from "../codes.ts";
import {
  fseEncodingTable,
  fseSingleEncodingTable,
  readFseDescription,
  type FseEncodingTable,
} from "../fse.ts";
import type { BlockOutput } from "./block-output.ts";
import type { CarriedTable } from "./carried-tables.ts";

const KINDS = ["predefined", "rle", "described", "repeat"] as const;

/** What a block says of one of its tables. */
export interface TableChoice {
  /** The two bits of its mode. */
  readonly mode: number;
  readonly description: Uint8Array | undefined;
  /** The code of any of the sequences. */
  readonly code: number;
}

/** The table of one kind of codes, kept from block to block. */
export class SequenceTableWriter {
  readonly #kind: CodeKind;
  readonly #default: FseEncodingTable;
  #table: FseEncodingTable | undefined;

  constructor(kind: CodeKind) {
    this.#kind = kind;
    this.#default = fseEncodingTable(kind.defaultNorm, kind.defaultLog);
  }

  /**
   * @param carried the table that the first block may use again
   * @throws {RecipeError} when it is none.
   */
  startFrame(carried: CarriedTable | undefined): void {
    this.#table = carried && this.#tableOf(carried);
  }

  /**
   * Writes what a block says of the table (RFC 8878 section 3.1.1.3.2.1).
   *
   * @throws {RecipeError} when there is no such table.
   */
  write({ mode, description, code }: TableChoice, output: BlockOutput): FseEncodingTable {
    const kind = KINDS[mode & 3] ?? "repeat";
    if (kind === "repeat") {
      if (this.#table === undefined) throw new RecipeError("a block has no table to use again");
      return this.#table;
    }
    const bytes = kind === "rle" ? Uint8Array.of(code) : (description ?? new Uint8Array(0));
    const table = this.#tableOf({ kind, bytes });
    if (kind !== "predefined") output.append(bytes);
    this.#table = table;
    return table;
  }

  #tableOf({ kind, bytes }: CarriedTable): FseEncodingTable {
    if (kind === "predefined") return this.#default;
    if (kind === "described") return this.#described(bytes);
    const code = bytes[0];
    if (code === undefined || code > this.#kind.largestSymbol) {
      throw new RecipeError("a table has a symbol that there is not");
    }
    return fseSingleEncodingTable(code);
  }

  #described(bytes: Uint8Array): FseEncodingTable {
    try {
      const { norm, log, size } = readFseDescription(bytes, 0, this.#kind);
      if (size === bytes.length) return fseEncodingTable(norm, log);
    } catch (error) {
      throw new RecipeError("a table's description is none", { cause: error });
    }
    throw new RecipeError("a table is longer than its description");
  }
}
