/** A map that holds at most so many entries: the ones set longest ago make room for new ones. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #maxEntries: number;
  readonly #onForgotten: (value: Value) => void;

  /** @param onForgotten called with each value that had to make room. */
  constructor(maxEntries: number, onForgotten: (value: Value) => void = () => undefined) {
    this.#maxEntries = maxEntries;
    this.#onForgotten = onForgotten;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const [oldest, forgotten] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries) break;
      this.#entries.delete(oldest);
      this.#onForgotten(forgotten);
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
