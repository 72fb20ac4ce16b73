/** @param counts set to how often each symbol is there */
export function countSymbols(symbols: Uint8Array, counts: Int32Array): void {
  counts.fill(0);
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] ?? 0;
    counts[symbol] = (counts[symbol] ?? 0) + 1;
  }
}
