import { describe, expect, it } from "vitest";
import { GnuBlock } from "../../../src/recompress/gzip/blocks/gnu-block.ts";

const LAZY = { looksAtGain: true, isLazy: true };
const LONG_MATCH = (30 << 16) | 100;

/** Adds tokens until the encoder ends the block. @returns how many it took, if it ends at all. */
function tokensUntilFull(rule: typeof LAZY, tokens: Uint32Array): number | undefined {
  const block = new GnuBlock();
  block.begin(rule);
  for (let at = 0; at < tokens.length && !block.isFull();) {
    const to = Math.min(tokens.length, at + block.free);
    block.add(tokens, at, to);
    at = to;
  }
  return block.isFull() ? block.tokens : undefined;
}

/** One match in `every` tokens. */
function mixed(every: number, match = LONG_MATCH): Uint32Array {
  return Uint32Array.from({ length: 40_000 }, (_, index) => (index % every === 0 ? match : 65));
}

describe("GnuBlock", () => {
  it("is full with 32,767 tokens", () => {
    expect(tokensUntilFull(LAZY, mixed(50_000))).toBe(32_767);
    expect(tokensUntilFull(LAZY, mixed(50_000).subarray(0, 32_766))).toBeUndefined();
  });

  it("ends early where fewer than half of the tokens are matches, and those long", () => {
    expect(tokensUntilFull(LAZY, mixed(3))).toBe(4096);
    expect(tokensUntilFull(LAZY, mixed(2))).toBe(32_767);
    expect(tokensUntilFull(LAZY, mixed(3, (3 << 16) | 100))).toBe(32_767);
    expect(tokensUntilFull({ looksAtGain: false, isLazy: false }, mixed(3))).toBe(32_767);
  });

  it("looks again each 4096 tokens", () => {
    const late = mixed(50_000).subarray(0, 4096);
    expect(tokensUntilFull(LAZY, Uint32Array.from([...late, ...mixed(3)]))).toBe(8192);
  });

  it("leaves the last token's bytes out, and counts one in place of it when it is lazy", () => {
    // 2001 matches of distance 1 and 2095 literals: floor((8 * 4096 + 5 * 2001) / 8) = 5346 bytes.
    const tokens = new Uint32Array(4096).fill(65, 0, 2095).fill((4 << 16) | 1, 2095);
    tokens.fill((3 << 16) | 1, 2095, 2095 + 1403);
    // 2095 + 3 * 1403 + 4 * 597 = 8692 bytes before the last; 2002 more make twice 5347.
    tokens[2095] = (258 << 16) | 1;
    for (let index = 2096; index < 2103; index++) tokens[index] = (252 << 16) | 1;
    const bytes = tokens
      .subarray(0, -1)
      .reduce((sum, one) => sum + (one < 256 ? 1 : one >>> 16), 0);
    const missing = 2 * 5347 - bytes;
    tokens[3499] = ((4 + missing) << 16) | 1;
    const isGreedyFull = (token: number): boolean => {
      tokens[3499] = token;
      return tokensUntilFull({ looksAtGain: true, isLazy: false }, tokens) === 4096;
    };
    const isLazyFull = (token: number): boolean => {
      tokens[3499] = token;
      return tokensUntilFull(LAZY, tokens) === 4096;
    };
    const enough = ((4 + missing) << 16) | 1;
    const oneLess = ((3 + missing) << 16) | 1;
    const twoLess = ((2 + missing) << 16) | 1;
    expect([isGreedyFull(enough), isGreedyFull(oneLess)]).toEqual([true, false]);
    expect([isLazyFull(oneLess), isLazyFull(twoLess)]).toEqual([true, false]);
  });
});
