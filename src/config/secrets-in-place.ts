/** Puts the secrets themselves where the file says where they are: `env:NAME`, `file:/path`. */
import { readFile } from "node:fs/promises";
import type { ConfigProblem } from "./config-invalid.ts";
import type { Environment } from "./environment.ts";
import { formatPath } from "./problems.ts";
import type { ListShape, MapShape, Shape } from "./shape.ts";
import { isObject } from "./value-at.ts";

const SOURCE = /^(env|file):(.+)$/s;

/** Whether the text says where a secret is, and is not the secret itself. */
export function namesSource(text: string): boolean {
  return SOURCE.test(text);
}

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

type Path = readonly (string | number)[];

class Resolving {
  readonly problems: ConfigProblem[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async resolve(value: unknown, shape: Shape, path: Path): Promise<unknown> {
    if (shape.kind === "leaf") {
      return shape.isSecret && typeof value === "string" ? this.#read(value, path) : value;
    }
    if (shape.kind === "list" && Array.isArray(value))
      return this.#resolveItems(value, shape, path);
    if (shape.kind === "map" && isObject(value)) return this.#resolveValues(value, shape, path);
    return value;
  }

  async #resolveItems(items: readonly unknown[], shape: ListShape, path: Path): Promise<unknown> {
    const resolved: unknown[] = [];
    for (const [index, item] of items.entries()) {
      resolved.push(await this.resolve(item, shape.item, [...path, index]));
    }
    return resolved;
  }

  async #resolveValues(
    value: Readonly<Record<string, unknown>>,
    shape: MapShape,
    path: Path,
  ): Promise<unknown> {
    const resolved: Record<string, unknown> = { __proto__: null };
    for (const [key, child] of Object.entries(value)) {
      const childShape = shape.fields.get(key)?.shape ?? shape.others;
      resolved[key] =
        childShape === undefined ? child : await this.resolve(child, childShape, [...path, key]);
    }
    return resolved;
  }

  async #read(text: string, path: Path): Promise<string> {
    const [, scheme, rest = ""] = SOURCE.exec(text) ?? [];
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
