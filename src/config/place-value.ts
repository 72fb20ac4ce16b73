/** Puts one value into a tree at the place that the words of an environment variable name. */
import { expandShorthand } from "./fit.ts";
import { formatPath } from "./problems.ts";
import type { ListShape, MapShape, Shape } from "./shape.ts";
import { isTreeList, isTreeMap, type Tree, type TreeMap } from "./tree.ts";

export type Placement =
  | { readonly kind: "placed"; readonly tree: Tree; readonly path: string }
  | UnknownPlace
  | { readonly kind: "refused"; readonly reason: string };

/** No setting has this name. */
export interface UnknownPlace {
  readonly kind: "unknown";
  /** The word that nothing matches. */
  readonly step: string;
  /** The words behind it. */
  readonly behind: readonly string[];
  /** What would match. */
  readonly known: readonly string[];
}

interface Place {
  readonly tree: Tree;
  readonly shape: Shape;
  /** In capitals, as they stand in the variable's name. */
  readonly steps: readonly string[];
  readonly value: Tree;
}

type Inner =
  | { readonly kind: "placed"; readonly tree: Tree; readonly path: readonly (string | number)[] }
  | Exclude<Placement, { kind: "placed" }>;

/** Pure: the given tree stays as it is. Missing maps and the next item of a list are made. */
export function placeValue(place: Place): Placement {
  const placed = descend(place);
  return placed.kind === "placed" ? { ...placed, path: formatPath(placed.path) } : placed;
}

function descend(place: Place): Inner {
  const [step, ...steps] = place.steps;
  if (step === undefined) return { kind: "placed", tree: place.value, path: [] };
  const { shape } = place;
  switch (shape.kind) {
    case "map":
      return descendMap(step, { ...place, steps, shape });
    case "list":
      return descendList(step, { ...place, steps, shape });
    case "any":
      return descendAny(step, { ...place, steps });
    case "leaf":
      return { kind: "unknown", step, behind: steps, known: [] };
  }
}

function descendAny(step: string, place: Place): Inner {
  const { tree, shape, steps } = place;
  if (isTreeList(tree)) {
    return descendList(step, {
      ...place,
      shape: { kind: "list", item: shape, hasShorthand: false },
    });
  }
  if (tree !== undefined && !isTreeMap(tree)) {
    return { kind: "unknown", step, behind: steps, known: [] };
  }
  return descendMap(step, { ...place, shape: freeForm(shape) });
}

function freeForm(others: Shape): MapShape {
  return { kind: "map", fields: new Map(), others, isStrict: false, hasShorthand: false };
}

function descendMap(step: string, place: Place & { readonly shape: MapShape }): Inner {
  const { shape } = place;
  const tree = expandShorthand(place.tree, shape);
  if (!isTreeMap(tree)) return unchanged(place);
  const key = keyFor(step, shape, tree);
  const childShape = key === undefined ? undefined : (shape.fields.get(key)?.shape ?? shape.others);
  if (key === undefined || childShape === undefined) {
    const known = [...shape.fields.values()].map((field) => field.environmentName);
    return { kind: "unknown", step, behind: place.steps, known };
  }
  const inner = descend({ ...place, tree: tree.get(key), shape: childShape });
  if (inner.kind !== "placed") return inner;
  const changed = new Map(tree).set(key, inner.tree);
  return { kind: "placed", tree: changed, path: [key, ...inner.path] };
}

/** A declared key, else one that is there already in any case of letters, else a new one in lower case. */
function keyFor(step: string, shape: MapShape, tree: TreeMap): string | undefined {
  for (const [key, field] of shape.fields) if (field.environmentName === step) return key;
  if (shape.others === undefined) return undefined;
  for (const key of tree.keys()) if (key.toUpperCase() === step) return key;
  return step.toLowerCase();
}

function descendList(step: string, place: Place & { readonly shape: ListShape }): Inner {
  const tree = expandShorthand(place.tree, place.shape) ?? [];
  if (!isTreeList(tree)) return unchanged(place);
  if (!/^\d{1,6}$/.test(step)) {
    return { kind: "refused", reason: `${step} is not the number of an item of a list` };
  }
  const index = Number(step);
  if (index > tree.length) {
    const reason = `undefined index ${index}: the list has ${tree.length} items, and items are added one by one in the order of the names`;
    return { kind: "refused", reason };
  }
  const inner = descend({ ...place, tree: tree[index], shape: place.shape.item });
  if (inner.kind !== "placed") return inner;
  const changed = [...tree.slice(0, index), inner.tree, ...tree.slice(index + 1)];
  return { kind: "placed", tree: changed, path: [index, ...inner.path] };
}

/** The file has something of the wrong kind here: it stays, and the schema names it. */
function unchanged({ tree }: Place): Inner {
  return { kind: "placed", tree, path: [] };
}
