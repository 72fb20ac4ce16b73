/**
 * Finite state entropy: descriptions of its tables, and the tables (RFC 8878 section 4.1).
 *
 * A table has 2^log states. Each symbol owns about as many states as it is likely, strewn over the table;
 * `norm` says how many. A norm of -1 is a symbol less likely than one state: it owns one all the same,
 * and leaving that state reads a whole new state.
 */
import { BrokenStream } from "../stream-errors.ts";

const SMALLEST_LOG = 5;
const LOG_BITS = 4;
const MORE_ZEROS = 3;

/** What a description may not exceed. */
export interface FseLimits {
  readonly largestLog: number;
  /** Below 256. */
  readonly largestSymbol: number;
}

/** A table as its description gives it. */
export interface FseDescription {
  /** States of each symbol; as many entries as the description has symbols. */
  readonly norm: Int16Array;
  readonly log: number;
  /** Bytes that the description takes. */
  readonly size: number;
}

/** How to leave a state: symbol | bits to read << 8 | what to add to them << 16. */
export interface FseDecodingTable {
  readonly entries: Int32Array;
  readonly log: number;
}

/**
 * How to come to a state in which a symbol is said: write so many bits of the state, (state + bit delta) >>
 * 16, and look up what is left of it plus the state delta in `states`. States are numbered from 2^log.
 *
 * A symbol that the table cannot say leads to an index beyond `states`.
 */
export interface FseEncodingTable {
  readonly log: number;
  /** The states of each symbol in rising order, symbols one after the other. */
  readonly states: Uint16Array;
  /** For each symbol, added to a state: the upper half then is the number of bits to write. */
  readonly bitDeltas: Int32Array;
  /** For each symbol, added to what is left of a state: an index into `states`. */
  readonly stateDeltas: Int32Array;
  /** For each symbol, its lowest state. */
  readonly firstStates: Uint16Array;
}

/**
 * Reads a table's description.
 *
 * Each number is written with as few bits as the probability that is still to be shared out allows; the
 * lower numbers take one bit less where there is room. After a norm of 0 come pairs of bits that say how
 * many further zeros follow.
 *
 * @param bytes ends where the description must end at the latest
 * @throws {BrokenStream} when it is no description, or beyond the limits.
 */
export function readFseDescription(
  bytes: Uint8Array,
  at: number,
  limits: FseLimits,
): FseDescription {
  const bits = new ForwardBits(bytes, at);
  const log = bits.take(LOG_BITS) + SMALLEST_LOG;
  if (log > limits.largestLog) throw new BrokenStream("an FSE table is larger than it may be");
  const norm = new Int16Array(limits.largestSymbol + 1);
  const symbols = readNorm(bits, log, norm);
  const size = bits.bytesTaken;
  if (at + size > bytes.length) throw new BrokenStream("an FSE description is cut off");
  return { norm: norm.slice(0, symbols), log, size };
}

/** @returns how many symbols there are */
function readNorm(bits: ForwardBits, log: number, norm: Int16Array): number {
  let unassigned = 1 << log;
  let symbol = 0;
  while (unassigned > 0) {
    if (symbol >= norm.length) throw new BrokenStream("an FSE description has too many symbols");
    const count = bits.takeUpTo(unassigned + 1) - 1;
    norm[symbol++] = count;
    unassigned -= Math.abs(count);
    if (count === 0) symbol += readZeros(bits, norm.length);
  }
  return symbol;
}

function readZeros(bits: ForwardBits, most: number): number {
  let zeros = 0;
  for (;;) {
    const more = bits.take(2);
    zeros += more;
    if (more < MORE_ZEROS || zeros > most) return zeros;
  }
}

/** Bits from the lowest of the first byte upwards; beyond the last byte there are zeros. */
class ForwardBits {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  #taken = 0;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#from = from;
  }

  get bytesTaken(): number {
    return (this.#taken + 7) >> 3;
  }

  take(count: number): number {
    const value = this.#peek(count);
    this.#taken += count;
    return value;
  }

  /** A number from 0 to `most`, the lowest ones in one bit less than the others. */
  takeUpTo(most: number): number {
    const bits = 32 - Math.clz32(most);
    const half = 1 << (bits - 1);
    const shortOnes = 2 * half - 1 - most;
    const short = this.#peek(bits - 1);
    if (short < shortOnes) return this.take(bits - 1);
    const long = this.take(bits);
    return long < half ? long : long - shortOnes;
  }

  #peek(count: number): number {
    const at = this.#from + (this.#taken >> 3);
    const three = this.#byte(at) | (this.#byte(at + 1) << 8) | (this.#byte(at + 2) << 16);
    return (three >>> (this.#taken & 7)) & ((1 << count) - 1);
  }

  #byte(index: number): number {
    return this.#bytes[index] ?? 0;
  }
}

/**
 * Strews the symbols over the states: those less likely than one state from the top down, the others in
 * steps of 5/8 of the table plus 3, which comes by every state once (RFC 8878 section 4.1.1).
 *
 * @returns the symbol of each state
 * @throws {RangeError} when the norms do not share out 2^log states.
 */
export function spreadSymbols(norm: ArrayLike<number>, log: number): Uint8Array {
  const size = 1 << log;
  checkSum(norm, size);
  const symbols = new Uint8Array(size);
  let top = size - 1;
  for (let symbol = 0; symbol < norm.length; symbol++) {
    if (norm[symbol] === -1) symbols[top--] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let state = 0;
  for (let symbol = 0; symbol < norm.length; symbol++) {
    for (let count = norm[symbol] ?? 0; count > 0; count--) {
      symbols[state] = symbol;
      do state = (state + step) & (size - 1);
      while (state > top);
    }
  }
  return symbols;
}

function checkSum(norm: ArrayLike<number>, size: number): void {
  let sum = 0;
  for (let symbol = 0; symbol < norm.length; symbol++) sum += Math.abs(norm[symbol] ?? 0);
  if (sum !== size) throw new RangeError("norms that make no FSE table");
}

/** @throws {RangeError} as {@link spreadSymbols}. */
export function fseDecodingTable(norm: ArrayLike<number>, log: number): FseDecodingTable {
  const symbols = spreadSymbols(norm, log);
  const size = 1 << log;
  const ranks = new Uint16Array(norm.length);
  for (let symbol = 0; symbol < norm.length; symbol++) ranks[symbol] = Math.abs(norm[symbol] ?? 0);
  const entries = new Int32Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] ?? 0;
    const rank = ranks[symbol] ?? 0;
    ranks[symbol] = rank + 1;
    const bits = log - 31 + Math.clz32(rank);
    entries[state] = symbol | (bits << 8) | (((rank << bits) - size) << 16);
  }
  return { entries, log };
}

/** The table of a symbol that is always the same: nothing is read (RFC 8878 section 3.1.1.3.2.1). */
export function fseSingleDecodingTable(symbol: number): FseDecodingTable {
  return { entries: Int32Array.of(symbol), log: 0 };
}

/**
 * The other direction. A symbol with `count` states out of 2^log writes either as many bits as
 * log2(2^log / count) rounded up or one less, so that what is left of the state is one of `count` numbers.
 *
 * @throws {RangeError} as {@link spreadSymbols}.
 */
export function fseEncodingTable(norm: ArrayLike<number>, log: number): FseEncodingTable {
  const bitDeltas = new Int32Array(norm.length);
  const stateDeltas = new Int32Array(norm.length);
  const firsts = new Uint16Array(norm.length);
  let first = 0;
  for (let symbol = 0; symbol < norm.length; symbol++) {
    const count = Math.abs(norm[symbol] ?? 0);
    if (count === 0) continue;
    const mostBits = count === 1 ? log : log - 31 + Math.clz32(count - 1);
    bitDeltas[symbol] = (mostBits << 16) - (count << mostBits);
    stateDeltas[symbol] = first - count;
    firsts[symbol] = first;
    first += count;
  }
  const states = statesBySymbol(spreadSymbols(norm, log), firsts.slice());
  const firstStates = new Uint16Array(norm.length);
  for (let symbol = 0; symbol < norm.length; symbol++) {
    if (norm[symbol] !== 0) firstStates[symbol] = states[firsts[symbol] ?? 0] ?? 0;
  }
  return { log, states, bitDeltas, stateDeltas, firstStates };
}

/** @param next where the states of each symbol begin; spoilt */
function statesBySymbol(symbols: Uint8Array, next: Uint16Array): Uint16Array {
  const states = new Uint16Array(symbols.length);
  for (let state = 0; state < symbols.length; state++) {
    const symbol = symbols[state] ?? 0;
    const at = next[symbol] ?? 0;
    states[at] = symbols.length + state;
    next[symbol] = at + 1;
  }
  return states;
}

/** The table that says one symbol only, with no bits. */
export function fseSingleEncodingTable(symbol: number): FseEncodingTable {
  const bitDeltas = new Int32Array(symbol + 1);
  const stateDeltas = new Int32Array(symbol + 1);
  const firstStates = new Uint16Array(symbol + 1);
  stateDeltas[symbol] = -1;
  firstStates[symbol] = 1;
  return { log: 0, states: Uint16Array.of(1), bitDeltas, stateDeltas, firstStates };
}

/** The state in which an encoder begins so that `symbol` is the last one read: its lowest. */
export function fseFirstState(table: FseEncodingTable, symbol: number): number {
  return table.firstStates[symbol] ?? 0;
}
