/**
 * The skeleton of the configuration: which keys there are and what kind of value each takes. Read
 * from the JSON Schema, so that the schema stays the only place where a setting is declared.
 */
import type { z } from "zod";
import { SECRET, SHORTHAND, ENVIRONMENT_NAME } from "./schema-marks.ts";

export type Shape = LeafShape | ListShape | MapShape | AnyShape;

export interface LeafShape {
  readonly kind: "leaf";
  /** Of JSON: `string`, `number` (integers too), `boolean`. */
  readonly types: ReadonlySet<string>;
  /** Of JSON Schema; `duration` and `size` are ours. */
  readonly format: string | undefined;
  readonly isSecret: boolean;
}

export interface ListShape {
  readonly kind: "list";
  readonly item: Shape;
  /** Whether a text `x` stands for `[x]`. */
  readonly hasShorthand: boolean;
}

export interface MapShape {
  readonly kind: "map";
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** What any other key takes; `undefined`: there are no others. */
  readonly others: Shape | undefined;
  /** Whether an unknown key is an error; else it is warned of. */
  readonly isStrict: boolean;
  /** Whether a text `x` stands for `{x: {}}`. */
  readonly hasShorthand: boolean;
}

/** Takes whatever there is. */
export interface AnyShape {
  readonly kind: "any";
}

export interface FieldShape {
  readonly shape: Shape;
  /** What an environment variable calls the key, in capitals. */
  readonly environmentName: string;
}

const ANY: AnyShape = { kind: "any" };

type Schema = z.core.JSONSchema._JSONSchema;

/** @param schema as `z.toJSONSchema` gives it for the input side. */
export function shapeOf(schema: Schema): Shape {
  if (typeof schema === "boolean" || schema.not !== undefined) return ANY;
  if (schema.type === "object") return mapShape(schema);
  if (schema.type === "array") return listShape(schema);
  const types = leafTypes(schema);
  if (types.size === 0) return ANY;
  return {
    kind: "leaf",
    types,
    format: schema.format,
    isSecret: schema[SECRET] === true,
  };
}

function listShape(schema: z.core.JSONSchema.BaseSchema): ListShape {
  return { kind: "list", item: itemShape(schema), hasShorthand: schema[SHORTHAND] === true };
}

function itemShape(schema: z.core.JSONSchema.BaseSchema): Shape {
  const { items } = schema;
  return items === undefined || Array.isArray(items) ? ANY : shapeOf(items);
}

function mapShape(schema: z.core.JSONSchema.BaseSchema): MapShape {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([key, field]) => [key, fieldShape(key, field)] as const,
  );
  const { additionalProperties } = schema;
  return {
    kind: "map",
    fields: new Map(fields),
    others: typeof additionalProperties === "object" ? shapeOf(additionalProperties) : undefined,
    isStrict: additionalProperties === false,
    hasShorthand: schema[SHORTHAND] === true,
  };
}

function fieldShape(key: string, schema: Schema): FieldShape {
  const name = typeof schema === "object" ? schema[ENVIRONMENT_NAME] : undefined;
  return {
    shape: shapeOf(schema),
    environmentName: (typeof name === "string" ? name : key).toUpperCase(),
  };
}

function leafTypes(schema: Schema): ReadonlySet<string> {
  if (typeof schema === "boolean") return new Set();
  const declared: unknown = schema.type;
  const named: readonly unknown[] = Array.isArray(declared) ? declared : [declared];
  const types = [
    ...named.filter((type) => typeof type === "string"),
    ...(schema.enum ?? []).map((value) => typeof value),
    ...(schema.anyOf ?? []).flatMap((choice) => [...leafTypes(choice)]),
  ];
  return new Set(types.map((type) => (type === "integer" ? "number" : type)));
}
