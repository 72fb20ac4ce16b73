export interface WeightedMapOptions<Value> {
  readonly maxWeight: number;
  /** What weighs more is not kept at all. */
  readonly maxEntryWeight: number;
  /** Above 0, and always the same for the same value. */
  readonly weigh: (value: Value) => number;
}

/** A map that holds so much and no more: the entries asked for longest ago make room for new ones. */
export class WeightedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #options: WeightedMapOptions<Value>;
  #weight = 0;

  constructor(options: WeightedMapOptions<Value>) {
    this.#options = options;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    const { weigh, maxWeight, maxEntryWeight } = this.#options;
    this.delete(key);
    const weight = weigh(value);
    if (weight > maxEntryWeight) return;
    this.#entries.set(key, value);
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= maxWeight) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#weight -= this.#options.weigh(value);
  }
}
