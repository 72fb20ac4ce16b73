const SIZE = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/i;
const POWERS = ["", "K", "M", "G", "T"];

/**
 * @param text `10485760`, `10MiB`, `10 MB`: with an `i` a step is 1024, without it 1000.
 * @returns whole bytes; `undefined` when it is not a size.
 */
export function parseSize(text: string): number | undefined {
  const [, amount, letter, binary] = SIZE.exec(text) ?? [];
  if (amount === undefined || letter === undefined) return undefined;
  const power = POWERS.indexOf(letter.toUpperCase());
  const bytes = Number(amount) * (binary === "" ? 1000 : 1024) ** power;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
