import { describe, expect, it } from "vitest";
import { BitWriter } from "../../../src/recompress/gzip/bit-writer.ts";
import type { BitWriterOptions } from "../../../src/recompress/gzip/bit-writer.ts";
import { TokenCodes } from "../../../src/recompress/gzip/huffman/token-codes.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** The bits in the order in which they are written. */
function bitText(value: number, size: number): string {
  let text = "";
  for (let bit = 0; bit < size; bit++) text += (value >>> bit) & 1;
  return text;
}

function written(write: (writer: BitWriter) => void, options?: BitWriterOptions): Buffer {
  const parts: Uint8Array[] = [];
  const writer = new BitWriter((bytes) => parts.push(bytes), { mostBytes: 1e9, ...options });
  write(writer);
  writer.flush();
  return Buffer.concat(parts);
}

describe("BitWriter", () => {
  it("puts the lowest bits first, at every offset and of every size", () => {
    const random = new SeededRandom(1);
    let bits = "";
    const bytes = written((writer) => {
      for (let index = 0; index < 20_000; index++) {
        const size = random.between(0, 28);
        const value = random.below(2 ** size);
        writer.put(value, size);
        bits += bitText(value, size);
        expect(writer.bytes * 8 + writer.bit).toBe(bits.length);
      }
    });
    const text = [...bytes].map((byte) => bitText(byte, 8)).join("");
    expect(text.slice(0, bits.length)).toBe(bits);
    expect(text.slice(bits.length)).toBe("0".repeat(text.length - bits.length));
  });

  it("begins within a byte, whose first bits it leaves 0", () => {
    expect([...written((writer) => writer.put(0b111, 3), { startBit: 5, mostBytes: 9 })]).toEqual([
      0b1110_0000,
    ]);
    expect([...written((writer) => writer.put(0b111, 3), { startBit: 6, mostBytes: 9 })]).toEqual([
      0b1100_0000, 1,
    ]);
  });

  it("fills a byte with the padding it is given, and goes on with whole bytes", () => {
    const bytes = written((writer) => {
      writer.put(1, 3);
      writer.align(0b10101);
      writer.putBytes(Uint8Array.of(7, 8));
      writer.align(0xff);
      writer.put(1, 1);
    });
    expect([...bytes]).toEqual([0b1010_1001, 7, 8, 1]);
  });

  it("hands over bytes that stay as they are, in pieces", () => {
    const parts: Uint8Array[] = [];
    const writer = new BitWriter((bytes) => parts.push(bytes), { mostBytes: 1e9 });
    const plain = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    writer.putBytes(plain);
    writer.flush();
    expect(parts.length).toBeGreaterThan(3);
    expect(Buffer.concat(parts).equals(plain)).toBe(true);
  });

  it("refuses tokens without a code, and tokens that are none", () => {
    const codes = new TokenCodes();
    codes.loadFixed();
    const put = (token: number) => () =>
      written((writer) =>
        writer.putTokens(Uint32Array.of(65, token, 66), codes, { from: 0, to: 3 }),
      );
    expect(put((258 << 16) | 32_768)().length).toBe(6);
    for (const token of [(3 << 16) | 0, (3 << 16) | 32_769, (2 << 16) | 1, (259 << 16) | 1, 300]) {
      expect(put(token)).toThrow(RecipeError);
    }
  });

  it("throws rather than write more bytes than it may", () => {
    const write = (writer: BitWriter) => writer.putBytes(new Uint8Array(200_000));
    expect(() => written(write, { mostBytes: 199_999 })).toThrow(RecipeError);
    expect(written(write, { mostBytes: 200_000 }).length).toBe(200_000);
  });
});
