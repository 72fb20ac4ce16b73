/** Puts the secrets themselves where the file says where they are: `env:NAME`, `file:/path`. */
import { readFile } from "node:fs/promises";
import type { ConfigProblem } from "./config-invalid.ts";
import type { Environment } from "./environment.ts";
import { formatPath } from "./problems.ts";
import type { Shape } from "./shape.ts";
import { isObject } from "./value-at.ts";

export interface Resolved {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads the files that secrets stand in. The newline at a file's end is not part of its secret.
 * @param value the file as plain values; stays as it is.
 */
export async function resolveSecrets(
  value: unknown,
  shape: Shape,
  environment: Environment,
): Promise<Resolved> {
  const resolving = new Resolving(environment);
  return { value: await resolving.resolve(value, shape, []), problems: resolving.problems };
}

class Resolving {
  readonly problems: ConfigProblem[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async resolve(
    value: unknown,
    shape: Shape,
    path: readonly (string | number)[],
  ): Promise<unknown> {
    if (shape.kind === "leaf") {
      return shape.isSecret && typeof value === "string" ? this.#read(value, path) : value;
    }
    if (shape.kind !== "map" || !isObject(value)) return value;
    const resolved: Record<string, unknown> = { __proto__: null };
    for (const [key, child] of Object.entries(value)) {
      const field = shape.fields.get(key);
      resolved[key] =
        field === undefined ? child : await this.resolve(child, field.shape, [...path, key]);
    }
    return resolved;
  }

  async #read(text: string, path: readonly (string | number)[]): Promise<string> {
    const [, scheme, rest = ""] = /^(env|file):(.+)$/s.exec(text) ?? [];
    if (scheme === undefined) return text;
    const found = scheme === "env" ? this.#environment[rest] : await readSecretFile(rest);
    if (found !== undefined && found !== "") return found;
    const source = scheme === "env" ? `the variable ${rest}` : `the file ${rest}`;
    const message = `must come from ${source}, which is missing, unreadable or empty`;
    this.problems.push({ path: formatPath(path), message });
    return text;
  }
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
