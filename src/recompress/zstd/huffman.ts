/**
 * Huffman codes of literals (RFC 8878 section 4.2).
 *
 * A tree is said by weights: 0 for a byte that has no code, else the longest code's length plus 1 minus
 * the byte's. The last weight is not written, because the weights have to fill the tree.
 */
import { BrokenStream } from "../stream-errors.ts";
import { BackwardBits } from "./backward-bits.ts";
import { fseDecodingTable, readFseDescription, type FseDecodingTable } from "./fse.ts";

/** No code may be longer (RFC 8878 section 4.2.1). */
const LONGEST_HUFFMAN_CODE = 11;

/** Header bytes from here on say how many weights of four bits follow. */
const FIRST_DIRECT_HEADER = 128;
const MOST_WRITTEN_WEIGHTS = 255;
const WEIGHT_LIMITS = { largestLog: 6, largestSymbol: 255 } as const;

/** A tree as its description gives it. */
export interface HuffmanDescription {
  /** One for each byte value up to the largest that has a code; the last one is worked out. */
  readonly weights: Uint8Array;
  /** Bytes that the description takes. */
  readonly size: number;
}

/** How to write each byte. */
export interface HuffmanCodes {
  /** For each byte value, code | bits << 16; 0 where there is none. */
  readonly codes: Int32Array;
  readonly longest: number;
}

/** How to read: the next `log` bits are the index, an entry is byte | bits << 8. */
export interface HuffmanDecodingTable {
  readonly entries: Uint16Array;
  readonly log: number;
}

/**
 * Reads a tree's description, of either form (RFC 8878 section 4.2.1.1).
 *
 * @param bytes ends where the description must end at the latest
 * @throws {BrokenStream} when it is no description, or is of a tree that is not full or is too deep.
 */
export function readHuffmanDescription(bytes: Uint8Array, at: number): HuffmanDescription {
  const header = bytes[at];
  if (header === undefined) throw new BrokenStream("a Huffman tree is missing");
  const isDirect = header >= FIRST_DIRECT_HEADER;
  const weightCount = header - FIRST_DIRECT_HEADER + 1;
  const size = 1 + (isDirect ? (weightCount + 1) >> 1 : header);
  const body = bytes.subarray(at + 1, at + size);
  if (body.length !== size - 1) throw new BrokenStream("a Huffman tree is cut off");
  const written = isDirect ? directWeights(body, weightCount) : packedWeights(body);
  return { weights: withLastWeight(written), size };
}

function directWeights(body: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const two = body[index >> 1] ?? 0;
    return index % 2 === 0 ? two >> 4 : two & 15;
  });
}

/** Two states take turns; the weights end with the last symbol of both once the bits are used up. */
function packedWeights(body: Uint8Array): number[] {
  const description = readFseDescription(body, 0, WEIGHT_LIMITS);
  const table = fseDecodingTable(description.norm, description.log);
  const bits = new BackwardBits(body.subarray(description.size));
  let state = bits.read(table.log);
  let other = bits.read(table.log);
  if (bits.isOverrun()) throw new BrokenStream("the weights of a Huffman tree are cut off");
  const weights: number[] = [];
  while (weights.length < MOST_WRITTEN_WEIGHTS - 1) {
    const entry = entryOf(table, state);
    weights.push(entry & 255);
    const next = (entry >> 16) + bits.read((entry >> 8) & 255);
    if (bits.isOverrun()) {
      weights.push(entryOf(table, other) & 255);
      return weights;
    }
    state = other;
    other = next;
  }
  throw new BrokenStream("a Huffman tree has too many weights");
}

function entryOf(table: FseDecodingTable, state: number): number {
  return table.entries[state] ?? 0;
}

/** A weight w stands for 2^(w - 1) leaves of the deepest level; the last one has those that are left. */
function withLastWeight(written: readonly number[]): Uint8Array {
  let leaves = 0;
  for (const weight of written) {
    if (weight > LONGEST_HUFFMAN_CODE) throw new BrokenStream("a Huffman code is too long");
    leaves += (1 << weight) >> 1;
  }
  const log = 32 - Math.clz32(leaves);
  const rest = (1 << log) - leaves;
  const deepest = written.filter((weight) => weight === 1).length + (rest === 1 ? 1 : 0);
  const isFull = leaves > 0 && (rest & (rest - 1)) === 0 && deepest >= 2;
  if (!isFull) throw new BrokenStream("a Huffman tree is not full");
  if (log > LONGEST_HUFFMAN_CODE) throw new BrokenStream("a Huffman code is too long");
  return Uint8Array.of(...written, 32 - Math.clz32(rest));
}

/** The length of the longest code. @param weights of a full tree */
function huffmanTreeDepth(weights: ArrayLike<number>): number {
  let leaves = 0;
  for (let byte = 0; byte < weights.length; byte++) leaves += (1 << (weights[byte] ?? 0)) >> 1;
  return 31 - Math.clz32(leaves);
}

/**
 * @param weights of a full tree, the last one and all
 * @returns bits by byte value, 0 where there is no code
 */
export function huffmanCodeLengths(weights: ArrayLike<number>): Uint8Array {
  const longest = huffmanTreeDepth(weights);
  const lengths = new Uint8Array(256);
  for (let byte = 0; byte < weights.length; byte++) {
    const weight = weights[byte] ?? 0;
    if (weight !== 0) lengths[byte] = longest + 1 - weight;
  }
  return lengths;
}

/**
 * Gives out the codes: the longest first, counted up from 0, and bytes of one length in rising order.
 *
 * @param weights of a full tree, the last one and all
 */
export function huffmanCodes(weights: ArrayLike<number>): HuffmanCodes {
  const longest = huffmanTreeDepth(weights);
  const next = firstCodes(weights, longest);
  const codes = new Int32Array(256);
  for (let byte = 0; byte < weights.length; byte++) {
    const weight = weights[byte] ?? 0;
    if (weight === 0) continue;
    const code = next[weight] ?? 0;
    next[weight] = code + 1;
    codes[byte] = code | ((longest + 1 - weight) << 16);
  }
  return { codes, longest };
}

/** The first code of each weight. */
function firstCodes(weights: ArrayLike<number>, longest: number): Int32Array {
  const counts = new Int32Array(longest + 2);
  for (let byte = 0; byte < weights.length; byte++) {
    const weight = weights[byte] ?? 0;
    counts[weight] = (counts[weight] ?? 0) + 1;
  }
  const first = new Int32Array(longest + 2);
  let code = 0;
  for (let weight = 1; weight <= longest; weight++) {
    first[weight] = code;
    code = (code + (counts[weight] ?? 0)) >> 1;
  }
  return first;
}

/** @param weights of a full tree, the last one and all */
export function huffmanDecodingTable(weights: ArrayLike<number>): HuffmanDecodingTable {
  const { codes, longest } = huffmanCodes(weights);
  const entries = new Uint16Array(1 << longest);
  for (let byte = 0; byte < weights.length; byte++) {
    const bits = (codes[byte] ?? 0) >> 16;
    if (bits === 0) continue;
    const from = ((codes[byte] ?? 0) & 0xffff) << (longest - bits);
    entries.fill(byte | (bits << 8), from, from + (1 << (longest - bits)));
  }
  return { entries, log: longest };
}
