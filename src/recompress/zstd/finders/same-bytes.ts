/** Whether four bytes are the same at both places. */
export function sameFour(view: DataView, one: number, other: number): boolean {
  return view.getInt32(one, true) === view.getInt32(other, true);
}

export function sameEight(view: DataView, one: number, other: number): boolean {
  return sameFour(view, one, other) && sameFour(view, one + 4, other + 4);
}

/** Whether four bytes are the same at `at` and at an entry of a table that is not too far back. */
export function seenBefore(view: DataView, at: number, seen: number): boolean {
  return seen < at && view.getInt32(at, true) === view.getInt32(seen, true);
}

export function eightSeenBefore(view: DataView, at: number, seen: number): boolean {
  return seen < at && sameEight(view, at, seen);
}
