/**
 * What YAML text holds before anybody knows what it means. Maps are `Map`s, so that no key of the
 * file can touch a prototype; `undefined` stands for YAML's null.
 */
export type Tree = string | PlainScalar | TreeMap | readonly Tree[] | undefined;

export type TreeMap = ReadonlyMap<string, Tree>;

/**
 * A scalar without quotes that YAML reads as a truth value or number. A setting that is text takes
 * it as it is written: `password: 0123` is four characters, `realm: on` is two.
 */
export class PlainScalar {
  readonly text: string;
  readonly value: boolean | number;

  constructor(text: string, value: boolean | number) {
    this.text = text;
    this.value = value;
  }
}

export function isTreeMap(tree: Tree): tree is TreeMap {
  return tree instanceof Map;
}

export function isTreeList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}
