import { RecipeError } from "../../recipe-error.ts";
import { instantiate, type WasmFunction, type WasmInstance } from "../../wasm-instance.ts";
import {
  CODE_KINDS,
  LITERAL_LENGTH_BASES,
  LITERAL_LENGTH_BITS,
  literalLengthCode,
  MATCH_LENGTH_BASES,
  MATCH_LENGTH_BITS,
  matchLengthCode,
} from "../codes.ts";
import { fseFirstState } from "../fse.ts";
import { LARGEST_BLOCK_BYTES, MOST_SEQUENCES } from "../limits.ts";
import type { BlockOutput } from "../write/block-output.ts";
import {
  type BlockCoder,
  checkSizes,
  type CodeCounts,
  type GatheredBlock,
  type SequenceCodes,
  type SequenceEncoding,
} from "./block-coder.ts";
import { MODULE_BASE64 } from "./coder-engine-module.ts";
import { EncodingTable } from "./encoding-table.ts";
import { PortableCoder } from "./portable-coder.ts";

/** Of 64 KiB, for all areas of the module. */
const PAGES = 32;
const BYTE_VALUES = 256;
const NUMBERS_OF_SEQUENCE = 3;
const LITERAL_LENGTHS_IN_TABLE = 64;
const MATCH_LENGTHS_IN_TABLE = 131;
const CODES_OF_KIND = 64;

/**
 * The loops in WebAssembly: do exactly what their twin in TypeScript does.
 *
 * A block's bytes and sequences are copied into the module's memory, unless they are there already: what
 * {@link gather} returns lies in it.
 */
export class CompiledCoder implements BlockCoder, SequenceCodes {
  readonly counts: CodeCounts;
  readonly #memory: ArrayBuffer;
  readonly #plain: Uint8Array;
  readonly #literals: Uint8Array;
  readonly #sequences: Int32Array;
  readonly #codes: Uint8Array;
  readonly #byteCounts: Int32Array;
  readonly #huffman: Int32Array;
  readonly #tables: readonly EncodingTable[];
  readonly #output: Uint8Array;
  readonly #gather: WasmFunction;
  readonly #countBytes: WasmFunction;
  readonly #findCodes: WasmFunction;
  readonly #writeStream: WasmFunction;
  readonly #writeSequences: WasmFunction;
  /** Of sequences whose codes were found last. */
  #count = 0;

  /** @param instance with a memory that is large enough for its areas */
  constructor(instance: WasmInstance) {
    const { memory } = instance;
    const at = (name: string): number => instance.constant(name);
    this.#memory = memory;
    this.#plain = new Uint8Array(memory, at("PLAIN"), LARGEST_BLOCK_BYTES);
    this.#literals = new Uint8Array(memory, at("LITERALS"), LARGEST_BLOCK_BYTES);
    const numbers = NUMBERS_OF_SEQUENCE * MOST_SEQUENCES;
    this.#sequences = new Int32Array(memory, at("SEQUENCES"), numbers);
    this.#codes = new Uint8Array(memory, at("CODES"), 4 * MOST_SEQUENCES);
    this.#byteCounts = new Int32Array(memory, at("COUNTS"), BYTE_VALUES);
    this.#huffman = new Int32Array(memory, at("HUFFMAN"), BYTE_VALUES);
    this.#tables = CODE_KINDS.map((_, kind) => new EncodingTable(instance, kind));
    this.#output = new Uint8Array(memory, at("OUTPUT"), at("END") - at("OUTPUT"));
    this.counts = countsIn(memory, at("CODE_COUNTS"));
    this.#gather = instance.run("gather");
    this.#countBytes = instance.run("countBytes");
    this.#findCodes = instance.run("findCodes");
    this.#writeStream = instance.run("writeStream");
    this.#writeSequences = instance.run("writeSequences");
    writeCodeTables(instance);
  }

  gather(plain: Uint8Array, sequences: Int32Array, count: number): GatheredBlock {
    checkSizes(plain.length, count);
    this.#plain.set(plain);
    this.#giveSequences(sequences, count);
    const size = this.#gather(plain.length, count);
    if (size < 0) throw new RecipeError("a block's sequences are longer than the block");
    return { literals: this.#literals.subarray(0, size), sequences: this.#sequences };
  }

  countBytes(bytes: Uint8Array, counts: Int32Array): void {
    this.#countBytes(this.#placeOf(bytes), bytes.length);
    counts.set(this.#byteCounts);
  }

  findCodes(sequences: Int32Array, count: number): SequenceCodes {
    checkSizes(0, count);
    this.#giveSequences(sequences, count);
    this.#count = count;
    if (this.#findCodes(count) < 0) {
      throw new RecipeError("a sequence has a number that there is no code for");
    }
    return this;
  }

  codeAt(kind: number, index: number): number {
    return this.#codes[4 * index + kind] ?? 0;
  }

  writeStream(bytes: Uint8Array, codes: Int32Array, output: BlockOutput): void {
    this.#huffman.set(codes);
    const size = this.#writeStream(this.#placeOf(bytes), bytes.length);
    if (size < 0) throw new RecipeError("a literal has no Huffman code");
    output.append(this.#output.subarray(0, size));
  }

  writeSequences(tables: SequenceEncoding, output: BlockOutput): void {
    for (const [kind, table] of this.#tables.entries()) table.set(tables[kind] ?? tables[0]);
    const last = this.#count - 1;
    const [literals, offsets, matches] = tables;
    const literalState = fseFirstState(literals, this.codeAt(0, last));
    const offsetState = fseFirstState(offsets, this.codeAt(1, last));
    const matchState = fseFirstState(matches, this.codeAt(2, last));
    const canBegin = literalState > 0 && offsetState > 0 && matchState > 0;
    const states = [literalState, offsetState, matchState, literals.log, offsets.log, matches.log];
    const size = canBegin ? this.#writeSequences(this.#count, ...states) : -1;
    if (size < 0) throw new RecipeError("a table cannot say a block's sequences");
    output.append(this.#output.subarray(0, size));
  }

  /** @returns where the bytes lie in the module's memory, for now. */
  #placeOf(bytes: Uint8Array): number {
    if (bytes.buffer === this.#memory) return bytes.byteOffset;
    this.#plain.set(bytes);
    return this.#plain.byteOffset;
  }

  #giveSequences(sequences: Int32Array, count: number): void {
    if (sequences === this.#sequences) return;
    const numbers = NUMBERS_OF_SEQUENCE * count;
    this.#sequences.set(sequences.subarray(0, numbers));
    if (sequences.length < numbers) this.#sequences.fill(0, sequences.length, numbers);
  }
}

/** @returns a compiled coder; one in TypeScript where there is no WebAssembly. */
export function createBlockCoder(): BlockCoder {
  const instance = instantiate(MODULE_BASE64, PAGES);
  return instance === undefined ? new PortableCoder() : new CompiledCoder(instance);
}

function countsIn(memory: ArrayBuffer, at: number): CodeCounts {
  const counts = (kind: 0 | 1 | 2): Int32Array => {
    return new Int32Array(
      memory,
      at + 4 * CODES_OF_KIND * kind,
      CODE_KINDS[kind].largestSymbol + 1,
    );
  };
  return [counts(0), counts(1), counts(2)];
}

/** What the format says of codes; the module has no tables of its own. */
function writeCodeTables(instance: WasmInstance): void {
  const { memory } = instance;
  new Uint8Array(memory, instance.constant("LITERAL_CODES"), LITERAL_LENGTHS_IN_TABLE).set(
    Array.from({ length: LITERAL_LENGTHS_IN_TABLE }, (_, length) => literalLengthCode(length)),
  );
  new Uint8Array(memory, instance.constant("MATCH_CODES"), MATCH_LENGTHS_IN_TABLE).set(
    Array.from({ length: MATCH_LENGTHS_IN_TABLE }, (_, length) => matchLengthCode(length)),
  );
  new Int32Array(memory, instance.constant("LITERAL_EXTRAS"), CODES_OF_KIND).set(
    extrasOf(LITERAL_LENGTH_BASES, LITERAL_LENGTH_BITS),
  );
  new Int32Array(memory, instance.constant("MATCH_EXTRAS"), CODES_OF_KIND).set(
    extrasOf(MATCH_LENGTH_BASES, MATCH_LENGTH_BITS),
  );
}

function extrasOf(bases: Int32Array, bits: Uint8Array): Int32Array {
  return bases.map((base, code) => base | ((bits[code] ?? 0) << 24));
}
