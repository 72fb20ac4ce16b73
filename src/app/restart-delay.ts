/** A process that lived so long has not died of its start. */
const LONG_LIFE_MS = 60_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before another process takes the place of one that has ended.
 * @param shortLives how many ended soon after their start, one behind the other.
 */
export function restartDelayMs(
  livedMs: number,
  shortLives: number,
): { readonly delayMs: number; readonly shortLives: number } {
  if (livedMs >= LONG_LIFE_MS) return { delayMs: FIRST_MS, shortLives: 0 };
  return { delayMs: Math.min(LONGEST_MS, FIRST_MS * 2 ** shortLives), shortLives: shortLives + 1 };
}
