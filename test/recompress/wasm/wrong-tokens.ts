import type { SeededRandom } from "../../fixtures/seeded-random.ts";

const LONGEST_MATCH = 258;
const FARTHEST = 32_768;

/**
 * @param tokens at least one
 * @returns tokens for as many bytes, a few of which no encoder would have chosen. Their distances are any.
 */
export function wrongTokens(tokens: Uint32Array, random: SeededRandom): Uint32Array {
  const oneIn = 1 + random.lowBelow(300);
  const wrong: number[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? 0;
    const isWrong = random.oneIn(oneIn);
    if (isWrong && areLiterals(tokens.subarray(index, index + 3))) {
      wrong.push(match(3, random));
      index += 2;
    } else wrong.push(...(isWrong && token > 255 ? otherwise(token, random) : [token]));
  }
  return Uint32Array.from(wrong);
}

/** @returns a last token that leads beyond the end in place of the last one. */
export function ledBeyond(tokens: Uint32Array): Uint32Array {
  return Uint32Array.from([...tokens.subarray(0, -1), (LONGEST_MATCH << 16) | 1]);
}

/** @returns fixes as a recipe may have them: pairs of a token's index and the token, in order. */
export function anyFixes(tokenCount: number, random: SeededRandom): readonly number[] {
  const fixes: number[] = [];
  for (let index = random.lowBelow(200); index < tokenCount; index += 1 + random.lowBelow(2000)) {
    fixes.push(index, random.oneIn(2) ? 0 : match(random.between(3, LONGEST_MATCH), random));
  }
  return fixes;
}

function areLiterals(tokens: Uint32Array): boolean {
  return tokens.length === 3 && tokens.every((token) => token < 256);
}

function otherwise(token: number, random: SeededRandom): readonly number[] {
  const length = token >>> 16;
  if (random.oneIn(3)) return Array.from({ length }, () => 0);
  if (random.oneIn(2) || length === 3) return [match(length, random)];
  return [0, ((length - 1) << 16) | (token & 0xffff)];
}

function match(length: number, random: SeededRandom): number {
  return (length << 16) | (1 + random.below(FARTHEST));
}
