import { expect, test } from "vitest";
import { lengthBits, offsetBits } from "../../../src/recompress/zstd/finders/bit-costs.ts";
import { BlockCursor } from "../../../src/recompress/zstd/finders/block-cursor.ts";
import { GuidedFinder } from "../../../src/recompress/zstd/finders/guided-finder.ts";
import { hash4, hash5, hash6, hash8 } from "../../../src/recompress/zstd/finders/hashes.ts";
import { LiteralBits } from "../../../src/recompress/zstd/finders/literal-bits.ts";
import type { MatchSearch } from "../../../src/recompress/zstd/finders/match-search.ts";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

const HASHES = [
  { bytes: 5, factor: 889_523_592_379n, hash: hash5 },
  { bytes: 6, factor: 227_718_039_650_203n, hash: hash6 },
  { bytes: 8, factor: 0xcf1bbcdcb7a56463n, hash: hash8 },
] as const;

test.each(HASHES)(
  "the hash of $bytes bytes is the upper half of a product",
  ({ bytes, factor, hash }) => {
    const random = new SeededRandom(bytes);
    const view = new DataView(new ArrayBuffer(16));
    for (let round = 0; round < 2000; round++) {
      for (let at = 0; at < 16; at++) view.setUint8(at, random.oneIn(4) ? 255 : random.below(256));
      const number = view.getBigUint64(3, true) << BigInt(64 - 8 * bytes);
      const product = BigInt.asUintN(64, number * factor);
      expect(hash(view, 3) >>> 0).toBe(Number(product >> 32n));
    }
  },
);

test("the hash of 4 bytes is the lower half of a product", () => {
  const view = new DataView(Uint8Array.of(9, 0xfe, 0xdc, 0xba, 0x98, 9).buffer);
  expect(hash4(view, 1) >>> 0).toBe(Number(BigInt.asUintN(32, 0x98badcfen * 2_654_435_761n)));
});

test("codes cost what the predefined tables say", () => {
  expect([1, 2, 3, 4, 7, 8, 65_536 + 3].map(offsetBits)).toEqual([4, 5, 5, 6, 6, 7, 20]);
  expect([4, 5, 6, 34, 35, 42, 43, 51, 67, 99, 130, 131, 259, 131_074].map(lengthBits)).toEqual([
    4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 10, 12, 13, 21,
  ]);
});

test("literals are estimated as Go does, to the last bit", () => {
  const literals = new LiteralBits();
  const skewed = new Uint8Array(100_003).map((_, at) => Math.floor(Math.sqrt(at)) & 0xff);
  const cases = [
    new Uint8Array(500),
    Uint8Array.of(1, 2),
    new Uint8Array(65_536).map((_, at) => at),
    new Uint8Array(77_777).map((_, at) => (at * at) % 251),
    skewed,
  ];
  expect(cases.map((bytes) => literals.estimate(bytes))).toEqual([1024, 1024, 8192, 7143, 8052]);
});

/** Proposes a match of the whole rest at each step. */
class WrongSearch implements MatchSearch {
  readonly smallestBlockBytes = 16;
  readonly marginBytes = 8;
  readonly takesRunsWhole = false;
  readonly overlapShare = 1;
  readonly tables: readonly Int32Array[] = [];
  proposals = 0;
  readonly #cursor: BlockCursor;

  constructor(cursor: BlockCursor) {
    this.#cursor = cursor;
  }

  begin(): void {
    this.proposals = 0;
  }

  propose(): boolean {
    const { position, end } = this.#cursor;
    this.proposals++;
    this.#cursor.proposeLength(position, position - 1, end - position);
    return true;
  }

  settle(): void {}

  indexOverlap(): void {}
}

test("a search that is always wrong is not asked for ever", () => {
  const window = new PlainWindow(10_000);
  window.append(new Uint8Array(9000));
  const cursor = new BlockCursor(window, 1000);
  const search = new WrongSearch(cursor);
  const finder = new GuidedFinder(search, cursor, undefined);
  const sequences = new Int32Array(3 * 2000).map((_, at) => [0, 4, 5][at % 3] ?? 0);
  const span = { start: 100, end: 9000, frameStart: 0, isOnlyBlock: false };
  finder.find(span, { kind: "follow", sequences, count: 2000 });
  expect(search.proposals).toBeLessThan(30);
  expect(finder.count).toBe(2000);
  const { fixes } = finder;
  finder.find(span, { kind: "replay", fixes });
  expect(finder.sequences.slice(0, 6000)).toEqual(sequences);
});
