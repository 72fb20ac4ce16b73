/** First in, first out, up to a number of items; then the oldest gives way. */
export class BoundedQueue<Item> {
  readonly #capacity: number;
  readonly #items: Item[] = [];

  /** @param capacity 1 or more. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  /** @returns whether the oldest item was dropped to make room. */
  push(item: Item): boolean {
    const drops = this.#items.length >= this.#capacity;
    if (drops) this.#items.shift();
    this.#items.push(item);
    return drops;
  }

  /** Takes the oldest item; `undefined` when there is none. */
  shift(): Item | undefined {
    return this.#items.shift();
  }
}
