/** Whether two samples of figures can be told apart. */

/** Of the test of Mann and Whitney. */
export interface Separation {
  /**
   * How often a figure of the second sample is greater than one of the first; ties count half. At 0.5 they
   * tell nothing apart, at 0 or 1 each single one does.
   */
  readonly share: number;
  /** How far off 0.5 it lies, in standard deviations of what chance alone does. */
  readonly deviations: number;
}

/** Neither sample may be empty. */
export function separationOf(first: readonly number[], second: readonly number[]): Separation {
  const sorted = first.toSorted((a, b) => a - b);
  const wins = second.map((figure) => (below(sorted, figure) + upTo(sorted, figure)) / 2);
  const pairs = first.length * second.length;
  const share = wins.reduce((sum, count) => sum + count, 0) / pairs;
  const chance = Math.sqrt((first.length + second.length + 1) / (12 * pairs));
  return { share, deviations: (share - 0.5) / chance };
}

function below(sorted: readonly number[], figure: number): number {
  return countWhile(sorted, (one) => one < figure);
}

function upTo(sorted: readonly number[], figure: number): number {
  return countWhile(sorted, (one) => one <= figure);
}

/** Of a list that begins with all for which it holds. */
function countWhile(sorted: readonly number[], holds: (figure: number) => boolean): number {
  const first = sorted.findIndex((figure) => !holds(figure));
  return first < 0 ? sorted.length : first;
}
