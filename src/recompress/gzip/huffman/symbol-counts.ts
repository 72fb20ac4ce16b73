import {
  DISTANCE_SYMBOLS,
  distanceSymbol,
  LENGTH_SYMBOL,
  LIT_LEN_SYMBOLS,
} from "./deflate-symbols.ts";

/** How often the tokens of a block use each symbol; the end of the block is not counted. */
export class SymbolCounts {
  readonly litLen = new Uint32Array(LIT_LEN_SYMBOLS);
  readonly distance = new Uint32Array(DISTANCE_SYMBOLS);

  /** Counts `tokens` from index `from` up to index `to`. */
  add(tokens: Uint32Array, from: number, to: number): void {
    const { litLen, distance } = this;
    for (let index = from; index < to; index++) {
      const token = tokens[index] ?? 0;
      if (token < 256) {
        litLen[token] = (litLen[token] ?? 0) + 1;
        continue;
      }
      const length = LENGTH_SYMBOL[token >>> 16] ?? 0;
      litLen[length] = (litLen[length] ?? 0) + 1;
      const symbol = distanceSymbol(token & 0xffff);
      distance[symbol] = (distance[symbol] ?? 0) + 1;
    }
  }

  clear(): void {
    this.litLen.fill(0);
    this.distance.fill(0);
  }

  copyFrom(other: SymbolCounts): void {
    this.litLen.set(other.litLen);
    this.distance.set(other.distance);
  }
}
