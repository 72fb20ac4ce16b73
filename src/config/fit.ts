/**
 * Lays the tree of a file over the shape of the configuration: gives each scalar the type that the
 * setting wants, and finds the keys that no setting has.
 */
import { nearest } from "./nearest.ts";
import { formatPath } from "./problems.ts";
import type { LeafShape, ListShape, MapShape, Shape } from "./shape.ts";
import { isTreeList, isTreeMap, PlainScalar, type Tree, type TreeMap } from "./tree.ts";

export interface UnknownKey {
  readonly path: string;
  /** The full path of the setting that was probably meant. */
  readonly meant: string | undefined;
  /** Whether it stops the start. */
  readonly isError: boolean;
  /** Whether it is no key, but a word that stands at the path in place of a map. */
  readonly isWord: boolean;
}

export interface Fitted {
  /** Objects without a prototype, arrays, texts, numbers, truth values; null only in free-form maps. */
  readonly value: unknown;
  readonly unknownKeys: readonly UnknownKey[];
}

type Path = readonly (string | number)[];

/** Never throws: what does not fit is left as it is for the schema to name. */
export function fit(tree: Tree, shape: Shape): Fitted {
  const fitting = new Fitting();
  return { value: fitting.fit(tree, shape, []), unknownKeys: fitting.unknownKeys };
}

class Fitting {
  readonly unknownKeys: UnknownKey[] = [];

  fit(tree: Tree, shape: Shape, path: Path): unknown {
    switch (shape.kind) {
      case "leaf":
        return fitLeaf(tree, shape);
      case "list":
        return this.#fitList(tree, shape, path);
      case "map":
        return this.#fitMap(tree, shape, path);
      case "any":
        return toPlainValue(tree);
    }
  }

  #fitList(tree: Tree, shape: ListShape, path: Path): unknown {
    const items = expandShorthand(tree, shape);
    if (!isTreeList(items)) return unfit(items);
    return items.map((item, index) => this.fit(item, shape.item, [...path, index]));
  }

  #fitMap(given: Tree, shape: MapShape, path: Path): unknown {
    const tree = expandShorthand(given, shape);
    if (!isTreeMap(tree)) return unfit(tree);
    const isWord = given !== undefined && !isTreeMap(given);
    const value = emptyObject();
    for (const [key, child] of tree) {
      const childShape = shape.fields.get(key)?.shape ?? shape.others;
      if (childShape === undefined) {
        this.#addUnknown(key, shape, { path, isWord });
        continue;
      }
      const fitted = this.fit(child, childShape, [...path, key]);
      if (fitted !== undefined) value[key] = fitted;
    }
    return value;
  }

  #addUnknown(
    key: string,
    shape: MapShape,
    { path, isWord }: { readonly path: Path; readonly isWord: boolean },
  ): void {
    const meant = nearest(key, shape.fields.keys());
    this.unknownKeys.push({
      path: formatPath(isWord && meant === undefined ? path : [...path, key]),
      isWord: isWord && meant === undefined,
      meant: meant === undefined ? undefined : formatPath([...path, meant]),
      isError: shape.isStrict,
    });
  }
}

/**
 * Where the shape allows it, the text `x` is read as `{x: {}}` for a map and as `[x]` for a list; nothing is
 * read as an empty map, and an empty text for a list as nothing.
 */
export function expandShorthand(tree: Tree, shape: Shape): Tree {
  if (shape.kind === "map") return expandMap(tree, shape);
  if (shape.kind !== "list" || !shape.hasShorthand) return tree;
  if (tree === "") return undefined;
  return typeof tree === "string" || tree instanceof PlainScalar ? [tree] : tree;
}

function expandMap(tree: Tree, shape: MapShape): Tree {
  if (tree === undefined) return new Map();
  if (!shape.hasShorthand) return tree;
  if (typeof tree === "string") return new Map([[tree, new Map()]]);
  return tree instanceof PlainScalar ? new Map([[tree.text, new Map()]]) : tree;
}

/** An empty text is the same as no setting at all, as it is to the reference. */
function fitLeaf(tree: Tree, shape: LeafShape): unknown {
  if (typeof tree === "string") return tree === "" && shape.types.has("string") ? undefined : tree;
  if (!(tree instanceof PlainScalar)) return unfit(tree);
  if (shape.types.has(typeof tree.value)) return tree.value;
  return shape.types.has("string") ? tree.text : tree.value;
}

/** What stands where something else was wanted; nothing stays nothing. */
function unfit(tree: Tree): unknown {
  return tree === undefined ? undefined : toPlainValue(tree);
}

function toPlainValue(tree: Tree): unknown {
  if (tree === undefined) return null;
  if (typeof tree === "string") return tree;
  if (tree instanceof PlainScalar) return tree.value;
  return isTreeMap(tree) ? toPlainObject(tree) : tree.map(toPlainValue);
}

function toPlainObject(tree: TreeMap): Record<string, unknown> {
  const value = emptyObject();
  for (const [key, child] of tree) value[key] = toPlainValue(child);
  return value;
}

/** Without a prototype, so that `__proto__` and `constructor` are keys like any other. */
function emptyObject(): Record<string, unknown> {
  return { __proto__: null };
}
