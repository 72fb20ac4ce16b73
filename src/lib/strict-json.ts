/**
 * JSON from outside, read strictly: what two parsers could understand differently is refused.
 *
 * RFC 8259 section 4 leaves objects with the same name twice open: JavaScript takes the last, other
 * parsers the first. That is how one document comes to mean two things.
 */
export class JsonRefused extends Error {
  readonly kind = "JsonRefused";
}

export interface JsonLimits {
  /** How deep arrays and objects may stand in one another. */
  readonly maxDepth: number;
  /** Values in all. Four MiB of `{}` would be 1.4 million of them and stop the process for half a second. */
  readonly maxValues: number;
}

/**
 * @returns what `JSON.parse` gives, after the limits held and no object named a member twice.
 * @throws {JsonRefused} with a sentence for the client.
 */
export function parseStrictJson(text: string, limits: JsonLimits): unknown {
  new Scanner(text, limits).scan();
  try {
    return JSON.parse(text);
  } catch {
    // What the engine says quotes the text, which may be a secret that stands in the wrong file.
    throw new JsonRefused("not well-formed JSON");
  }
}

/** Runs once over the text and knows only strings, brackets and commas; `JSON.parse` judges the rest. */
class Scanner {
  readonly #text: string;
  readonly #limits: JsonLimits;
  /** Member names of each open object; `undefined` for an open array. */
  readonly #open: (Set<string> | undefined)[] = [];
  #values = 0;
  #at = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  scan(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character === '"') this.#string();
      else if (character === "{") this.#enter(new Set());
      else if (character === "[") this.#enter(undefined);
      else if (character === "}" || character === "]") this.#open.pop();
      else if (character === ",") this.#count();
    }
  }

  #enter(names: Set<string> | undefined): void {
    this.#open.push(names);
    this.#count();
    if (this.#open.length > this.#limits.maxDepth) {
      throw new JsonRefused(`nested more than ${this.#limits.maxDepth} deep`);
    }
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > this.#limits.maxValues) {
      throw new JsonRefused(`more than ${this.#limits.maxValues} values`);
    }
  }

  /** A string is a member's name when a colon follows. */
  #string(): void {
    const start = this.#at;
    this.#skipString();
    const names = this.#open.at(-1);
    if (names === undefined || !this.#colonFollows()) return;
    const name = unescaped(this.#text.slice(start, this.#at + 1));
    if (names.has(name)) throw new JsonRefused(`${JSON.stringify(name)} is there twice`);
    names.add(name);
  }

  /** Leaves the position on the closing quote, or at the end of a text that has none. */
  #skipString(): void {
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character === "\\") this.#at += 1;
      else if (character === '"') return;
    }
  }

  #colonFollows(): boolean {
    let next = this.#at + 1;
    while (" \t\r\n".includes(this.#text[next] ?? "x")) next += 1;
    return this.#text[next] === ":";
  }
}

function unescaped(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    throw new JsonRefused("not well-formed JSON");
  }
}
