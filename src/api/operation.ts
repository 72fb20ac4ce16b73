/** One thing that the API does: what it takes, what it answers, and who may ask for it. */
import { z } from "zod";
import type { Caller } from "../auth/access.ts";
import { parseRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import { parsedInput, queryMembers, readJson } from "./read-input.ts";
import type { ApiBindings } from "./request.ts";

/**
 * `identified`: whoever has said who they are. `local`: the operator, by the socket in the state directory.
 * `repository-admin`: whoever may administer the repository that the path names, or all.
 */
export type Who = "anyone" | "identified" | "admin" | "local" | "repository-admin";

export interface Answer {
  readonly status: 200 | 201 | 204;
  /** Of the body, or of each line of `application/x-ndjson`; `undefined`: there is none. */
  readonly schema: z.ZodType | undefined;
  readonly mediaType: "application/json" | "application/x-ndjson";
}

/** A request that was let in. */
export interface Asked {
  readonly env: ApiBindings;
  readonly caller: Caller;
  readonly request: Request;
  /** The part of the path that the operation leaves open, decoded; empty where it leaves none. */
  readonly name: string;
}

export interface Operation {
  /** As in `createRobot`; unique. */
  readonly id: string;
  readonly method: "get" | "post" | "delete";
  /** Below `/api/v1`, as OpenAPI writes it. `{repository}` may have slashes. */
  readonly path: string;
  readonly summary: string;
  readonly who: Who;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject | undefined;
  readonly isBodyOptional: boolean;
  readonly answer: Answer;
  /** Reads the rest of the request and carries it out. @returns the body of the answer. */
  readonly run: (asked: Asked) => Promise<unknown>;
}

/** For operations that take no parameters, or no body. */
export const NOTHING = z.strictObject({});

/** What is given to the work of an operation. */
export interface Work<Query extends z.ZodObject, Body extends z.ZodObject> extends Asked {
  readonly query: z.output<Query>;
  /** Of an operation that takes none: empty. */
  readonly body: z.output<Body>;
}

interface OperationSpec<Query extends z.ZodObject, Body extends z.ZodObject> {
  readonly summary: string;
  readonly query: Query;
  /** Parameters that may come more than once. */
  readonly lists?: readonly string[];
  readonly body: Body;
  readonly isBodyOptional?: boolean;
  readonly answer: Partial<Answer> & Pick<Answer, "status">;
  readonly work: (asked: Work<Query, Body>) => Promise<unknown>;
}

export function operation<Query extends z.ZodObject, Body extends z.ZodObject>(
  place: Pick<Operation, "id" | "method" | "path" | "who">,
  spec: OperationSpec<Query, Body>,
): Operation {
  const { summary, query, lists = [], isBodyOptional = false } = spec;
  const body = spec.body === NOTHING ? undefined : spec.body;
  return {
    ...place,
    summary,
    query,
    body,
    isBodyOptional,
    answer: { schema: undefined, mediaType: "application/json", ...spec.answer },
    async run(asked) {
      const { request } = asked;
      const members = queryMembers(new URL(request.url).searchParams, lists);
      const json =
        body === undefined ? {} : await readJson(request, { isOptional: isBodyOptional });
      return await spec.work({
        ...asked,
        query: parsedInput(spec.query, members, "query"),
        body: parsedInput(spec.body, json, "body"),
      });
    },
  };
}

/** @throws {InvalidName} */
export function repositoryOf({ name }: Pick<Asked, "name">): RepositoryName {
  return parseRepositoryName(name);
}
