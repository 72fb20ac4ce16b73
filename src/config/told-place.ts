/**
 * Where in the file, for people: rules are counted from 1, as `barge access explain` counts them.
 * @param path dotted, counting from 0, as in `barge.access[0].subject`; becomes `rule 1 (barge.access[0].subject)`.
 */
export function toldPlace(path: string): string {
  const index = /^barge\.access\[(\d+)\]/.exec(path)?.[1];
  return index === undefined ? path : `rule ${Number(index) + 1} (${path})`;
}
