import { z } from "zod";
import { configSchema, sections } from "./schema.ts";
import { ALIAS_OF, ENVIRONMENT_NAME, SECRET, SHORTHAND } from "./schema-marks.ts";
import { type FieldShape, type MapShape, type Shape, shapeOf } from "./shape.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The schema of the file with our own marks, which the rest of this folder reads. */
export function markedJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: "input", override: tidy });
}

/** The skeleton of the file. Of a section it is made when first asked for: no file has them all. */
export function configShape(): MapShape {
  const fields = Object.entries(sections.shape).map(
    ([key, schema]) => [key, sectionShape(key, schema)] as const,
  );
  return {
    kind: "map",
    fields: new Map(fields),
    others: undefined,
    isStrict: false,
    hasShorthand: false,
  };
}

function sectionShape(key: string, schema: z.ZodType): FieldShape {
  let made: Shape | undefined;
  return {
    environmentName: key.toUpperCase(),
    get shape() {
      made ??= shapeOf(z.toJSONSchema(schema, { io: "input", override: tidy }));
      return made;
    },
  };
}

/** JSON Schema (draft 2020-12) of the file, for editors and checkers. */
export function publicJsonSchema(): JsonSchema {
  return {
    title: "Configuration of Barge",
    ...z.toJSONSchema(configSchema, {
      io: "input",
      override: (context) => {
        tidy(context);
        publish(context);
      },
    }),
  };
}

interface Overriding {
  readonly jsonSchema: JsonSchema;
}

/** Leaves out what only restates the range of numbers and the emptiness of sections. */
function tidy({ jsonSchema }: Overriding): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.type === "object") delete jsonSchema.default;
}

function publish({ jsonSchema }: Overriding): void {
  const hasShorthand = jsonSchema[SHORTHAND] === true;
  for (const mark of [ALIAS_OF, ENVIRONMENT_NAME, SECRET, SHORTHAND]) delete jsonSchema[mark];
  // "duration" of JSON Schema is the one of ISO 8601, which these are not.
  if (jsonSchema.format === "duration" || jsonSchema.format === "size") delete jsonSchema.format;
  if (!hasShorthand) return;
  const { ...whole } = jsonSchema;
  delete whole.description;
  for (const key of Object.keys(whole)) delete jsonSchema[key];
  jsonSchema.anyOf = [shortForm(whole), whole];
}

/** One item of a list without the list, or the name of the only key of a map. */
function shortForm({ items }: JsonSchema): JsonSchema {
  const isOne = typeof items === "object" && !Array.isArray(items);
  return isOne ? items : { type: "string" };
}
