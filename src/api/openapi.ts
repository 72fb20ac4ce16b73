/** The description of the API, made from what requests are read by (OpenAPI 3.1). */
import { z } from "zod";
import type { Operation, Who } from "./operation.ts";
import { ERRORS } from "./schemas.ts";

const WHO: Readonly<Record<Who, string>> = {
  anyone: "For anyone.",
  identified: "For whoever has said who they are.",
  admin: "For administrators.",
  local: "For the operator, by the socket in the state directory.",
  "repository-admin": "For administrators of the repository.",
};

export function describeApi(
  operations: readonly Operation[],
  { version, base }: { readonly version: string; readonly base: string },
): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of operations) {
    paths[one.path] = { ...paths[one.path], [one.method]: described(one) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Barge", version },
    servers: [{ url: base }],
    paths,
    components: {
      securitySchemes: {
        basic: { type: "http", scheme: "basic" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function described({ id, summary, who, query, path, body, ...rest }: Operation): unknown {
  const { answer, isBodyOptional } = rest;
  return {
    operationId: id,
    summary,
    description: WHO[who],
    security: who === "anyone" ? [] : [{ basic: [] }, { bearer: [] }],
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body && {
      requestBody: { required: !isBodyOptional, content: jsonContent(body, "input") },
    }),
    responses: {
      [answer.status]: {
        description: "Done.",
        ...(answer.schema && {
          content: { [answer.mediaType]: { schema: schemaOf(answer.schema, "output") } },
        }),
      },
      default: {
        description: "Refused or failed.",
        content: jsonContent(ERRORS, "output"),
      },
    },
  };
}

function pathParameters(path: string): readonly unknown[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    ...(name === "repository" && { description: "A repository's name, with its slashes." }),
  }));
}

function queryParameters(query: z.ZodObject): readonly unknown[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema, "input");
    const required = !z.safeParse(z.looseObject({ [name]: schema }), {}).success;
    return {
      name,
      in: "query",
      required,
      schema: rest,
      ...(description !== undefined && { description }),
    };
  });
}

type Direction = "input" | "output";

function jsonContent(schema: z.ZodType, direction: Direction): unknown {
  return { "application/json": { schema: schemaOf(schema, direction) } };
}

function schemaOf(schema: z.core.$ZodType, io: Direction): Readonly<Record<string, unknown>> {
  const { $schema: _, ...document } = z.toJSONSchema(schema, { io });
  return document;
}
