import { BrokenStream } from "../../stream-errors.ts";
import { CODE_KINDS, type CodeKind } from "../codes.ts";
import {
  fseDecodingTable,
  fseSingleDecodingTable,
  readFseDescription,
  type FseDecodingTable,
} from "../fse.ts";
import type { InputSpan } from "./huffman-streams.ts";
import type { InputBuffer } from "./input-buffer.ts";

const MODES = ["predefined", "single", "described", "repeat"] as const;

/** The table of one kind of codes, kept from block to block. */
export class SequenceTable {
  readonly #kind: CodeKind;
  readonly #default: FseDecodingTable;
  #table: FseDecodingTable | undefined;
  /** The description read last; `undefined` when the last block had none. */
  description: Uint8Array | undefined;
  /** The index in the input after what was read last. */
  end = 0;

  constructor(kind: CodeKind) {
    this.#kind = kind;
    this.#default = fseDecodingTable(kind.defaultNorm, kind.defaultLog);
  }

  /** Forgets the table. */
  startFrame(): void {
    this.#table = undefined;
  }

  /**
   * Reads what a block says of the table (RFC 8878 section 3.1.1.3.2.1).
   *
   * @param mode 0 to 3
   * @param span from where its bytes would be to the block's end
   * @throws {BrokenStream}
   */
  read(mode: number, input: InputBuffer, span: InputSpan): FseDecodingTable {
    this.description = undefined;
    this.end = span.from;
    const table = this.#choose(MODES[mode & 3] ?? "predefined", input, span);
    this.#table = table;
    return table;
  }

  #choose(
    mode: (typeof MODES)[number],
    input: InputBuffer,
    { from, to }: InputSpan,
  ): FseDecodingTable {
    switch (mode) {
      case "predefined":
        return this.#default;
      case "single":
        return this.#single(input.bytes.subarray(from, to));
      case "described":
        return this.#described(input, { from, to });
      case "repeat":
        if (this.#table === undefined) throw new BrokenStream("a block has no table to use again");
        return this.#table;
    }
  }

  #single(bytes: Uint8Array): FseDecodingTable {
    const symbol = bytes[0];
    if (symbol === undefined || symbol > this.#kind.largestSymbol) {
      throw new BrokenStream("a table has a symbol that there is not");
    }
    this.end += 1;
    return fseSingleDecodingTable(symbol);
  }

  #described(input: InputBuffer, { from, to }: InputSpan): FseDecodingTable {
    const { norm, log, size } = readFseDescription(input.bytes.subarray(0, to), from, this.#kind);
    this.end += size;
    this.description = input.bytes.subarray(from, this.end);
    return fseDecodingTable(norm, log);
  }
}

/** One for each kind, in the order of the format's headers. */
export function createSequenceTables(): readonly [SequenceTable, SequenceTable, SequenceTable] {
  const [literalLengths, offsets, matchLengths] = CODE_KINDS;
  return [
    new SequenceTable(literalLengths),
    new SequenceTable(offsets),
    new SequenceTable(matchLengths),
  ];
}
