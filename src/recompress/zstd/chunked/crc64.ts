/**
 * CRC-64 with the polynomial of ISO 3309, bits reflected: what tar-split keeps of each file.
 *
 * A value is two unsigned 32-bit halves, for JavaScript has no fast 64-bit integers.
 */
const POLYNOMIAL_HIGH = 0xd8000000;
const TABLE_SIZE = 256;

interface CrcTables {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/** The tables, made once by whoever computes many sums. */
export function crc64Tables(): CrcTables {
  const high = new Uint32Array(TABLE_SIZE);
  const low = new Uint32Array(TABLE_SIZE);
  for (let byte = 0; byte < TABLE_SIZE; byte++) {
    let upper = 0;
    let lower = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = lower & 1;
      lower = (lower >>> 1) | (upper << 31);
      upper = (upper >>> 1) ^ (carry === 0 ? 0 : POLYNOMIAL_HIGH);
    }
    high[byte] = upper;
    low[byte] = lower;
  }
  return { high, low };
}

/** The sum of one file, as it comes in. */
export class Crc64 {
  readonly #tables: CrcTables;
  #high = -1;
  #low = -1;

  constructor(tables: CrcTables) {
    this.#tables = tables;
  }

  update(bytes: Uint8Array): void {
    const { high, low } = this.#tables;
    let upper = this.#high;
    let lower = this.#low;
    for (let at = 0; at < bytes.length; at++) {
      const index = (lower ^ (bytes[at] ?? 0)) & 255;
      lower = ((lower >>> 8) | (upper << 24)) ^ (low[index] ?? 0);
      upper = (upper >>> 8) ^ (high[index] ?? 0);
    }
    this.#high = upper;
    this.#low = lower;
  }

  /** @returns eight bytes, the highest first. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes;
  }
}
