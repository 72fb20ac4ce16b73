/** Looks into values of unknown shape. */

/** Whether it is a map that YAML gave. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns `undefined` when any step is not there. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const step of path) {
    value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

export interface Found {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Everything that stands at `pattern`, where `*` is any key of a map or any item of a list. */
export function findAll(root: unknown, pattern: readonly string[]): readonly Found[] {
  let found: readonly Found[] = [{ path: [], value: root }];
  for (const step of pattern) found = found.flatMap((place) => stepInto(place, step));
  return found;
}

function stepInto({ path, value }: Found, step: string): readonly Found[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return step === "*"
      ? items.map((item, index) => ({ path: [...path, index], value: item }))
      : [];
  }
  if (!isObject(value)) return [];
  return Object.keys(value)
    .filter((key) => step === "*" || step === key)
    .map((key) => ({ path: [...path, key], value: value[key] }));
}

/** Whether something that has an effect is written there: not an empty text, list or map, 0, false or null. */
export function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isSet);
  if (isObject(value)) return Object.values(value).some(isSet);
  return value !== undefined && value !== null && value !== "" && value !== false && value !== 0;
}

/** A scalar as text, in lower case; "" for a map, a list or nothing. */
export function lowerText(value: unknown): string {
  const isScalar =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar ? String(value).toLowerCase() : "";
}

/** For a value that a schema calls text, where it may not have been checked yet. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}
