/**
 * From the file to the configuration:
 * YAML -> environment variables -> types of the shape -> refusals and notes -> secrets -> schema.
 */
import { readFile } from "node:fs/promises";
import { findCautions } from "./cautions.ts";
import type { Config } from "./config.ts";
import { ConfigInvalid, type ConfigProblem } from "./config-invalid.ts";
import { findDedupCautions } from "./dedup.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { DEFAULT_CONFIG_TEXT } from "./defaults.ts";
import { type Environment, type Origin, overrideFromEnvironment } from "./environment.ts";
import { fit, type UnknownKey } from "./fit.ts";
import { configShape } from "./json-schema.ts";
import { placeBelowBarge } from "./misplaced.ts";
import { findMissingPlaces } from "./missing-places.ts";
import { findNeedless } from "./needless.ts";
import { findNotCarriedOut } from "./not-carried-out.ts";
import { describeIssue, toProblem } from "./problems.ts";
import { configSchema } from "./schema.ts";
import { resolveSecrets } from "./secrets-in-place.ts";
import { isTreeMap, type Tree } from "./tree.ts";
import { parseYaml, YamlRefused } from "./yaml.ts";

export interface LoadConfigOptions {
  /** The file; `undefined` for the built-in defaults. See `locate.ts` for which file that is. */
  readonly path?: string | undefined;
  readonly environment: Environment;
}

export interface LoadedConfig {
  /** Frozen, with everything in it. */
  readonly config: Config;
  /** What it was read from, for another process that reads the same. */
  readonly text: string;
  /** What the operator should know; for level info. */
  readonly notes: readonly string[];
  /** What is probably not meant; for level warn. */
  readonly warnings: readonly string[];
}

/** @throws {ConfigInvalid} with all problems at once. */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { path, environment } = options;
  const text = path === undefined ? DEFAULT_CONFIG_TEXT : await readText(path);
  return readConfig({ text, source: path, environment });
}

export interface ConfigText {
  readonly text: string;
  /** Name of the file it came from. */
  readonly source: string | undefined;
  readonly environment: Environment;
}

/**
 * As {@link loadConfig}, for a text that is there already. Reads no files but those of secrets.
 * @throws {ConfigInvalid} with all problems at once.
 */
export async function readConfig(given: ConfigText): Promise<LoadedConfig> {
  const { source, environment } = given;
  const shape = configShape();
  const overridden = overrideFromEnvironment(parseFile(given), shape, environment);
  const fitted = fit(overridden.tree, shape);
  const unknownKeys = fitted.unknownKeys.map((unknown) => ({
    ...unknown,
    meant: unknown.isWord ? undefined : (placeBelowBarge(unknown.path, shape) ?? unknown.meant),
  }));
  const secrets = await resolveSecrets(fitted.value, shape, environment);
  // Compiling the schema pays for many parses, and there is one.
  const options = { error: describeIssue, jitless: true };
  const parsed = configSchema.safeParse(secrets.value, options);
  const refusals = findNotCarriedOut(fitted.value);
  const others = [
    overridden.problems,
    unknownKeys.filter(({ isError }) => isError).map(unknownKeyProblem),
    secrets.problems,
    parsed.error?.issues.map(toProblem) ?? [],
  ].flat();
  const problems = onePerPlace([...refusals, ...others.filter(isOutside(refusals))]).map(
    nameVariable(overridden.origins),
  );
  if (!parsed.success || problems.length > 0) throw new ConfigInvalid(problems, { source });
  return {
    config: deepFreeze({ source, ...parsed.data }),
    text: given.text,
    notes: findNeedless(fitted.value, environment),
    warnings: [
      ...overridden.warnings,
      ...unknownKeys.filter(({ isError }) => !isError).map(unknownKeyWarning),
      ...findCautions(fitted.value, shape, environment),
      ...findMissingPlaces(parsed.data),
      ...findDedupCautions(parsed.data),
    ],
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
    const why = reason === "ENOENT" ? "there is no such file" : reason;
    const problem = { path: "", message: `the file cannot be read: ${why}` };
    throw new ConfigInvalid([problem], { source: path, cause });
  }
}

function parseFile({ text, source }: ConfigText): Tree {
  const tree = parseTree(text, source);
  if (tree === undefined || isTreeMap(tree)) return tree;
  throw new ConfigInvalid([{ path: "", message: "the file must be a map of settings" }], {
    source,
  });
}

function parseTree(text: string, source: string | undefined): Tree {
  try {
    return parseYaml(text);
  } catch (cause) {
    if (!(cause instanceof YamlRefused)) throw cause;
    throw new ConfigInvalid(
      cause.sentences.map((message) => ({ path: "", message })),
      { source, cause },
    );
  }
}

function unknownKeyProblem({ path, meant, isWord }: UnknownKey): ConfigProblem {
  // Only barge.auth takes words and no others than its own.
  if (isWord) return { path, message: "must be a map of settings, or open" };
  return {
    path,
    message: `is not a setting${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  };
}

function unknownKeyWarning({ path, meant }: UnknownKey): string {
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `${path} is not a setting and has no effect${hint}`;
}

/** What is refused as a whole needs no word about its parts. */
function isOutside(refusals: readonly ConfigProblem[]): (problem: ConfigProblem) => boolean {
  return ({ path }) => !refusals.some((refusal) => isWithin(path, refusal.path));
}

/** The first problem of each place is the most telling. */
function onePerPlace(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter(
    ({ path }, index) => problems.findIndex((problem) => problem.path === path) === index,
  );
}

/** Says which variable set the place, if one did. */
function nameVariable(origins: readonly Origin[]): (problem: ConfigProblem) => ConfigProblem {
  return ({ path, message }) => {
    const variable = origins.findLast((origin) => isWithin(path, origin.path))?.variable;
    return { path, message: variable === undefined ? message : `${message} (set by ${variable})` };
  };
}

function isWithin(path: string, section: string): boolean {
  return path === section || path.startsWith(`${section}.`) || path.startsWith(`${section}[`);
}
