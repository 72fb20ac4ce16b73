import type { ListEntry } from "../src/storage/storage-driver.ts";

/** Where an entry stands in a listing: keys are ASCII, so comparing text compares bytes. */
export function orderOf({ kind, name }: ListEntry): string {
  return kind === "prefix" ? `${name}/` : name;
}

/** Sorted as the port asks, without what does not lie behind `after`. */
export function inListOrder(
  entries: readonly ListEntry[],
  after: string | undefined,
): readonly ListEntry[] {
  const rest = after === undefined ? entries : entries.filter((entry) => orderOf(entry) > after);
  return rest.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}
