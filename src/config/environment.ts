/**
 * Settings from environment variables: `REGISTRY_HTTP_ADDR` stands for `http.addr`, and
 * `BARGE_STATE_DIRECTORY` for `barge.state.directory`. Each value is YAML.
 *
 * Variables are carried out in the order of their names, so that one for a whole section comes before
 * those for what is in it.
 */
import type { ConfigProblem } from "./config-invalid.ts";
import { nearest } from "./nearest.ts";
import { placeValue, type UnknownPlace } from "./place-value.ts";
import type { Shape } from "./shape.ts";
import type { Tree } from "./tree.ts";
import { parseYaml, YamlRefused } from "./yaml.ts";

/** All variables of the process, or those that a test gives. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Overridden {
  readonly tree: Tree;
  readonly warnings: readonly string[];
  readonly problems: readonly ConfigProblem[];
  /** Which variable set which path; later ones hold. */
  readonly origins: readonly Origin[];
}

export interface Origin {
  readonly path: string;
  readonly variable: string;
}

/** Variables with one of our prefixes that are no settings of the file. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  "REGISTRY_CONFIGURATION_PATH",
  // Where podman and its kin keep credentials.
  "REGISTRY_AUTH_FILE",
  "BARGE_CONFIG",
  "BARGE_LOG",
  "BARGE_NODE",
  "BARGE_ROOT",
  "BARGE_SERVER",
]);

/** What Kubernetes sets in every container for a service that is named `barge`. */
const OF_SERVICE_LINKS = /^BARGE_(?:PORT(?:_|$)|SERVICE_)/;

/** Pure: gives a new tree. A variable that cannot be carried out is a problem, an unknown one a warning. */
export function overrideFromEnvironment(
  tree: Tree,
  shape: Shape,
  environment: Environment,
): Overridden {
  const overriding = new Overriding(tree, shape);
  const names = Object.keys(environment).filter(isSetting);
  for (const name of names.toSorted(byBytes)) {
    const steps = stepsOf(name);
    const text = environment[name];
    if (steps !== undefined && text !== undefined) overriding.set(name, steps, text);
  }
  return overriding;
}

class Overriding implements Overridden {
  tree: Tree;
  readonly warnings: string[] = [];
  readonly problems: ConfigProblem[] = [];
  readonly origins: Origin[] = [];
  readonly #shape: Shape;

  constructor(tree: Tree, shape: Shape) {
    this.tree = tree;
    this.#shape = shape;
  }

  set(variable: string, steps: readonly string[], text: string): void {
    if (variable === "REGISTRY_VERSION") {
      this.warnings.push("REGISTRY_VERSION is ignored: it cannot change the format of the file");
      return;
    }
    const value = this.#parse(variable, steps, text);
    if (value !== undefined) this.#place(variable, steps, value.tree);
  }

  /** A variable that names no setting is not read at all: it may be somebody else's. */
  #parse(variable: string, steps: readonly string[], text: string): { tree: Tree } | undefined {
    const probe = placeValue({ tree: this.tree, shape: this.#shape, steps, value: undefined });
    if (probe.kind === "unknown") {
      this.#warnUnknown(variable, probe);
      return undefined;
    }
    try {
      return { tree: parseYaml(text) };
    } catch (error) {
      if (!(error instanceof YamlRefused)) throw error;
      const message = `is not YAML (${error.message}); put the value into quotes of its own: '"..."'`;
      this.problems.push({ path: variable, message });
      return undefined;
    }
  }

  #place(variable: string, steps: readonly string[], value: Tree): void {
    const placed = placeValue({ tree: this.tree, shape: this.#shape, steps, value });
    if (placed.kind === "refused") {
      this.problems.push({ path: variable, message: placed.reason });
    } else if (placed.kind === "placed") {
      this.tree = placed.tree;
      this.origins.push({ path: placed.path, variable });
    }
  }

  #warnUnknown(variable: string, place: UnknownPlace): void {
    const meant = meantVariable(variable, place);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    this.warnings.push(`ignoring unrecognized environment variable ${variable}${hint}`);
  }
}

/** One word may be misspelt, or be taken apart: `BARGE_TRUSTED_PROXIES`. */
function meantVariable(
  variable: string,
  { step, behind, known }: UnknownPlace,
): string | undefined {
  const end = [step, ...behind].join("_");
  const before = variable.slice(0, variable.length - end.length);
  const word = nearest(step, known);
  if (word !== undefined) return before + [word, ...behind].join("_");
  const whole = nearest(end.replaceAll("_", ""), known);
  return whole === undefined ? undefined : before + whole;
}

function isSetting(name: string): boolean {
  return !NOT_SETTINGS.has(name) && !OF_SERVICE_LINKS.test(name);
}

/** @returns `undefined` for a variable that is none of ours. */
function stepsOf(name: string): readonly string[] | undefined {
  const [prefix, ...steps] = name.split("_");
  if (steps.length === 0) return undefined;
  if (prefix === "BARGE") return ["BARGE", ...steps];
  if (prefix !== "REGISTRY") return undefined;
  // Settings below `barge:` have one name only; with the prefix left on, this one matches nothing.
  return steps[0] === "BARGE" ? [prefix, ...steps] : steps;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
