/** Literals 0 to 255, the end of the block, and 29 symbols for lengths (RFC 1951 section 3.2.5). */
export const LIT_LEN_SYMBOLS = 286;
export const DISTANCE_SYMBOLS = 30;
export const CODE_LENGTH_SYMBOLS = 19;
/** Ends a block. */
export const END_OF_BLOCK = 256;
/** No code of literals, lengths or distances is longer, in bits. */
export const LONGEST_CODE = 15;
/** Nor one of the code-length code, in bits. */
export const LONGEST_CODE_LENGTH_CODE = 7;

export const LONGEST_MATCH = 258;
const SHORTEST_MATCH = 3;
const FIRST_LENGTH_SYMBOL = 257;
const LAST_LENGTH_SYMBOL = 285;

/** How many extra bits follow a symbol for lengths, which is 257 to 285. */
export function lengthExtraBits(symbol: number): number {
  if (symbol < 265 || symbol === LAST_LENGTH_SYMBOL) return 0;
  return (symbol - 261) >> 2;
}

/** How many extra bits follow a symbol for distances, which is 0 to 29. */
export function distanceExtraBits(symbol: number): number {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/** Symbols for lengths by length, 3 to 258. */
export const LENGTH_SYMBOL: Uint16Array = lengthSymbols();

/** The smallest length of each symbol from 257 on, by symbol - 257. */
export const LENGTH_BASE: Uint16Array = lengthBases();

/**
 * @param distance 1 to 32768
 * @returns the symbol for it. Each power of two is cut into two symbols.
 */
export function distanceSymbol(distance: number): number {
  if (distance < 3) return distance - 1;
  const power = 30 - Math.clz32(distance - 1);
  return 2 * power + 2 + (((distance - 1) >> power) & 1);
}

function lengthBases(): Uint16Array {
  const bases = new Uint16Array(LAST_LENGTH_SYMBOL - FIRST_LENGTH_SYMBOL + 1);
  let base = SHORTEST_MATCH;
  for (let symbol = FIRST_LENGTH_SYMBOL; symbol < LAST_LENGTH_SYMBOL; symbol++) {
    bases[symbol - FIRST_LENGTH_SYMBOL] = base;
    base += 1 << lengthExtraBits(symbol);
  }
  bases[LAST_LENGTH_SYMBOL - FIRST_LENGTH_SYMBOL] = LONGEST_MATCH;
  return bases;
}

function lengthSymbols(): Uint16Array {
  const symbols = new Uint16Array(LONGEST_MATCH + 1);
  const bases = lengthBases();
  let symbol = FIRST_LENGTH_SYMBOL;
  for (let length = SHORTEST_MATCH; length < LONGEST_MATCH; length++) {
    const next = bases[symbol + 1 - FIRST_LENGTH_SYMBOL] ?? LONGEST_MATCH;
    if (length >= next && symbol + 1 < LAST_LENGTH_SYMBOL) symbol++;
    symbols[length] = symbol;
  }
  symbols[LONGEST_MATCH] = LAST_LENGTH_SYMBOL;
  return symbols;
}
