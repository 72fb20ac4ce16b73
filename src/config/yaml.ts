/**
 * YAML 1.1 as the reference registry's parser reads it: `yes`, `on`, `off` are truth values, `0777`
 * is octal, merge keys work, numbers of base 60 and dates are text.
 */
import { LineCounter, parseDocument, type ScalarTag, type YAMLError } from "yaml";
import { PlainScalar, type Tree, type TreeMap } from "./tree.ts";

/** The text is not YAML, or not YAML that a configuration may hold. */
export class YamlRefused extends Error {
  readonly kind = "YamlRefused";
  /** One sentence each, with line and column, and without the text itself: it may hold secrets. */
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(sentences.join("; "));
    this.sentences = sentences;
  }
}

/** @throws {YamlRefused} with every syntax error and every key that is there twice. */
export function parseYaml(text: string): Tree {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: "1.1",
    prettyErrors: false,
    lineCounter,
    customTags: (tags) => [plainScalarTag(), ...tags],
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new YamlRefused(faults.map((fault) => formatFault(fault, lineCounter)));
  }
  return toTree(withoutAliases(document));
}

/** Resolves a scalar without quotes by the rules of YAML 1.1. */
export function resolvePlain(text: string): string | PlainScalar | undefined {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return undefined;
  if (/^(?:y|yes|true|on)$/.test(lowerIfRegular(text))) return new PlainScalar(text, true);
  if (/^(?:n|no|false|off)$/.test(lowerIfRegular(text))) return new PlainScalar(text, false);
  const value = resolveNumber(text);
  return value === undefined ? text : new PlainScalar(text, value);
}

/**
 * Takes the place of every other tag for scalars without quotes; `<<` stays the merge key. The same
 * text gives the same object, so that the parser sees when a key is there twice.
 */
function plainScalarTag(): ScalarTag {
  const resolved = new Map<string, ReturnType<typeof resolvePlain>>();
  return {
    tag: "tag:yaml.org,2002:str",
    default: true,
    test: /^(?!<<$)/,
    resolve(text) {
      const value = resolved.has(text) ? resolved.get(text) : resolvePlain(text);
      resolved.set(text, value);
      return value;
    },
  };
}

const INTEGERS: readonly (readonly [RegExp, number])[] = [
  [/^0[bB]([01]+)$/, 2],
  [/^0[oO]?([0-7]+)$/, 8],
  [/^0[xX]([0-9a-fA-F]+)$/, 16],
  [/^(0|[1-9][0-9]*)$/, 10],
];

function resolveNumber(text: string): number | undefined {
  const [, sign, unsigned] = /^([-+]?)([.0-9].*)$/s.exec(text) ?? [];
  if (unsigned === undefined) return undefined;
  const magnitude = resolveInteger(unsigned.replaceAll("_", "")) ?? resolveFloat(unsigned);
  if (magnitude === undefined) return undefined;
  return sign === "-" ? -magnitude : magnitude;
}

function resolveInteger(text: string): number | undefined {
  for (const [pattern, radix] of INTEGERS) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) return Number.parseInt(digits, radix);
  }
  return undefined;
}

function resolveFloat(text: string): number | undefined {
  if (/^\.(?:inf|Inf|INF)$/.test(text)) return Infinity;
  return /^(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)
    ? Number(text)
    : undefined;
}

/** `yes`, `Yes` and `YES` count; `yEs` does not. */
function lowerIfRegular(text: string): string {
  return /^(?:[a-z]+|[A-Z][a-z]*|[A-Z]+)$/.test(text) ? text.toLowerCase() : text;
}

function withoutAliases(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch {
    // What was thrown quotes the text, which may be a secret.
    throw new YamlRefused([
      "an alias (*name) stands for too much or for nothing; put text that begins with * into quotes",
    ]);
  }
}

function toTree(value: unknown): Tree {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string" || value instanceof PlainScalar) return value;
  if (typeof value === "boolean" || typeof value === "number") {
    return new PlainScalar(String(value), value);
  }
  if (Array.isArray(value)) return value.map(toTree);
  if (value instanceof Map) return toTreeMap(value);
  throw new YamlRefused(["a value is neither text nor number, truth value, list or map"]);
}

function toTreeMap(map: ReadonlyMap<unknown, unknown>): TreeMap {
  const tree = new Map<string, Tree>();
  for (const [key, value] of map) {
    const name = keyText(toTree(key));
    if (tree.has(name)) throw new YamlRefused([`the key ${JSON.stringify(name)} is there twice`]);
    tree.set(name, toTree(value));
  }
  return tree;
}

function keyText(key: Tree): string {
  if (typeof key === "string") return key;
  if (key instanceof PlainScalar) return key.text;
  throw new YamlRefused(["a key is not text"]);
}

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "a key is there twice in one map"],
  ["MULTIPLE_DOCS", "only one document may stand in the file"],
  ["TAB_AS_INDENT", "indentation must be made of spaces, not tabs"],
  ["BAD_ALIAS", "an alias (*name) stands for nothing; put text that begins with * into quotes"],
  ["TAG_RESOLVE_FAILED", "a tag (!name) is not known; put text that begins with ! into quotes"],
]);

function formatFault(fault: YAMLError, lines: LineCounter): string {
  const { line, col } = lines.linePos(fault.pos[0]);
  const sentence = SENTENCES.get(fault.code) ?? quoteless(fault.message);
  return `line ${line}, column ${col}: ${sentence}`;
}

/** The parser's own sentence, without the piece of text that some of them quote. */
function quoteless(message: string): string {
  return message.replace(/: .*$/s, "");
}
