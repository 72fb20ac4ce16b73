/** What rules speak of. The closed list: everything that can be done to a repository is one of these. */
export const ACTIONS = ["pull", "push", "overwrite", "delete", "promote", "admin"] as const;

/**
 * `push` creates (content, new tags); `overwrite` moves a tag that is there; `delete` takes content or
 * tags away; `promote` moves a release on; `admin` is the API of administrators.
 */
export type Action = (typeof ACTIONS)[number];

export function isAction(text: string): text is Action {
  const known: readonly string[] = ACTIONS;
  return known.includes(text);
}
