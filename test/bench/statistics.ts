/** How the figures of several runs lie. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @throws {RangeError} when there are no figures. */
export function spreadOf(figures: readonly number[]): Spread {
  return {
    median: quantile(figures, 0.5),
    least: quantile(figures, 0),
    most: quantile(figures, 1),
  };
}

/**
 * Between two figures it lies in proportion.
 * @param share from 0 to 1; 0.5 is the median, 0.99 the 99th percentile.
 * @throws {RangeError} when there are no figures.
 */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new RangeError("no figures");
  return below + (above - below) * (place - Math.floor(place));
}

/** @returns how many times better `own` is than `other`: over 1 is better. */
export function advantage(own: number, other: number, better: "more" | "less"): number {
  return better === "more" ? own / other : other / own;
}
