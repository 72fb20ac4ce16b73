/** Places in a list, the last one not included. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/** What of a range is not in another one. */
export function outside(
  { from, to }: IndexRange,
  other: IndexRange | undefined,
): readonly IndexRange[] {
  if (other === undefined) return [{ from, to }];
  const before = { from, to: Math.min(to, other.from) };
  const behind = { from: Math.max(from, other.to), to };
  return [before, behind].filter((range) => range.from < range.to);
}

/** Both as one where they touch, else the first. */
export function joined(range: IndexRange, other: IndexRange | undefined): IndexRange {
  if (other === undefined || other.to < range.from || other.from > range.to) return range;
  return { from: Math.min(range.from, other.from), to: Math.max(range.to, other.to) };
}
