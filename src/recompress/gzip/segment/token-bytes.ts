/**
 * @returns how many bytes a token stands for. Literals and matches come in no order that a processor could
 * foresee, so it does without a branch: a literal's length is 0, and 0 less 1 is the only one below 0.
 */
export function bytesOf(token: number): number {
  const length = token >>> 16;
  return length + ((length - 1) >>> 31);
}
