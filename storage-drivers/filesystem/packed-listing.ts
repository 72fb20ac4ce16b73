import { Buffer } from "node:buffer";
import type { ListEntry } from "../../src/storage/storage-driver.ts";

/** A `link` is symbolic: a prefix as long as it leads to a directory, else nothing. */
export interface DirectoryEntry {
  readonly kind: ListEntry["kind"] | "link";
  readonly name: string;
}

/** What follows the name. No other name begins with a name and a slash, so that the order is the port's. */
const MARKS = { object: "", prefix: "/", link: "/@" } as const;

/** An entry as {@link PackedListing} takes it. The name is that of a storage key: ASCII. */
export function packedText(kind: DirectoryEntry["kind"], name: string): string {
  return `${name}${MARKS[kind]}`;
}

/**
 * The entries of one directory in the order of the port, in two pieces of memory instead of an object
 * each.
 */
export class PackedListing {
  readonly #texts: Buffer;
  /** Where the text of each entry ends. */
  readonly #ends: Uint32Array;

  /** @param texts of {@link packedText}, in any order. */
  constructor(texts: readonly string[]) {
    const sorted = texts.toSorted();
    let endBytes = 0;
    this.#ends = Uint32Array.from(sorted, (text) => (endBytes += text.length));
    this.#texts = Buffer.from(sorted.join(""), "latin1");
  }

  get length(): number {
    return this.#ends.length;
  }

  get sizeBytes(): number {
    return this.#texts.byteLength + this.#ends.byteLength;
  }

  /** Those behind `after`, in order. Finding the first takes a logarithmic number of steps. */
  *behind(after: string | undefined): Generator<DirectoryEntry> {
    for (let at = after === undefined ? 0 : this.#firstBehind(after); at < this.length; at += 1) {
      yield entryOf(this.#textAt(at));
    }
  }

  #firstBehind(after: string): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (orderOf(this.#textAt(middle)) > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #textAt(index: number): string {
    const startBytes = index === 0 ? 0 : this.#ends[index - 1];
    return this.#texts.toString("latin1", startBytes, this.#ends[index]);
  }
}

function orderOf(text: string): string {
  return text.endsWith(MARKS.link) ? text.slice(0, -1) : text;
}

function entryOf(text: string): DirectoryEntry {
  if (text.endsWith(MARKS.link)) return { kind: "link", name: text.slice(0, -MARKS.link.length) };
  if (text.endsWith(MARKS.prefix)) return { kind: "prefix", name: text.slice(0, -1) };
  return { kind: "object", name: text };
}
