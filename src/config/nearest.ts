/**
 * The candidate that was probably meant.
 * @returns `undefined` when none is near: more than one slip in three letters.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** `; did you mean "level"?`, or nothing. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
}

/** Letters to insert, remove, replace or swap with their neighbour to make `to` of `from`. */
export function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const before = (rowsUp: number, columnsLeft: number): number =>
        rows[row - rowsUp]?.[column - columnsLeft] ?? Infinity;
      const replaced = before(1, 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped = isSwap(from, to, [row, column]) ? before(2, 2) + 1 : Infinity;
      const inserted = (current[column - 1] ?? Infinity) + 1;
      current.push(Math.min(before(1, 0) + 1, inserted, replaced, swapped));
    }
    rows.push(current);
  }
  return rows[from.length]?.[to.length] ?? 0;
}

/** Whether the two letters that end there stand the other way round. */
function isSwap(from: string, to: string, [row, column]: readonly [number, number]): boolean {
  return (
    row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
  );
}
