import { describe, expect, it } from "vitest";
import { SegmentBytes } from "../../../src/recompress/gzip/segment/segment-bytes.ts";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

const FIVE_BYTES_PRIME = 889_523_592_379n;
const SEVEN_BYTES_PRIME = 58_295_818_150_454_627n;

function windowOf(bytes: Uint8Array): PlainWindow {
  const window = new PlainWindow(bytes.length + 16);
  window.append(bytes);
  return window;
}

function randomBytes(seed: number, size: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: size }, () =>
    random.oneIn(3) ? random.pick([0, 255]) : random.word(),
  );
}

/** As the encoders define it: the bytes at the upper end of 64 bits, times the prime, the upper 32 bits. */
function definedHash(bytes: Uint8Array, prime: bigint): number {
  let word = 0n;
  for (const byte of bytes.toReversed()) word = (word << 8n) | BigInt(byte);
  word <<= BigInt(64 - 8 * bytes.length);
  return Number(BigInt.asIntN(32, BigInt.asUintN(64, word * prime) >> 32n));
}

describe("SegmentBytes", () => {
  const bytes = randomBytes(1, 3000);
  const text = new SegmentBytes(windowOf(bytes));
  const places = Array.from({ length: 2990 }, (_, index) => index);

  it("hash5() is the upper half of a product of 64 bits", () => {
    const expected = places.map((at) => definedHash(bytes.subarray(at, at + 5), FIVE_BYTES_PRIME));
    expect(places.map((at) => text.hash5(at))).toEqual(expected);
  });

  it("hash5OfFour() takes the fifth byte for 0", () => {
    const expected = places.map((at) =>
      definedHash(Uint8Array.of(...bytes.subarray(at, at + 4), 0), FIVE_BYTES_PRIME),
    );
    expect(places.map((at) => text.hash5OfFour(at))).toEqual(expected);
  });

  it("hash7() is the upper half of a product of 64 bits", () => {
    const expected = places.map((at) => definedHash(bytes.subarray(at, at + 7), SEVEN_BYTES_PRIME));
    expect(places.map((at) => text.hash7(at))).toEqual(expected);
  });

  it("common() counts the same bytes and stops before the end", () => {
    const twice = Uint8Array.from([...randomBytes(2, 50), ...randomBytes(2, 50), 1]);
    const repeated = new SegmentBytes(windowOf(twice));
    for (let end = 50; end <= 100; end++) expect(repeated.common(50, 0, end)).toBe(end - 50);
    twice[73] = 255 - (twice[73] ?? 0);
    const broken = new SegmentBytes(windowOf(twice));
    expect([50, 60, 70, 73].map((at) => broken.common(at, at - 50, 100))).toEqual([23, 13, 3, 0]);
  });

  it("commonBefore() counts the same bytes and stops at the lowest position", () => {
    const twice = Uint8Array.from([...randomBytes(3, 50), ...randomBytes(3, 50)]);
    const repeated = new SegmentBytes(windowOf(twice));
    expect([100, 90, 70].map((lowest) => repeated.commonBefore(100, 50, lowest))).toEqual([
      0, 10, 30,
    ]);
    twice[84] = 255 - (twice[84] ?? 0);
    expect(new SegmentBytes(windowOf(twice)).commonBefore(100, 50, 70)).toBe(15);
  });

  it("isMatch() wants four bytes that are the same, nearer than 32 KiB", () => {
    const window = new PlainWindow(40_000);
    window.append(new Uint8Array(40_000));
    window.bytes[7] = 1;
    const zeros = new SegmentBytes(window);
    expect(zeros.isMatch(35_000, 35_000 - 32_767)).toBe(true);
    expect(zeros.isMatch(35_000, 35_000 - 32_768)).toBe(false);
    expect([3, 4, 7, 8].map((from) => zeros.isMatch(100, from))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
