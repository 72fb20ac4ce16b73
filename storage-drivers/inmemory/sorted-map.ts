/** A map that can tell its keys in ascending byte order; they must be ASCII. */
export class SortedMap<Value> extends Map<string, Value> {
  /** Of now; `undefined` when a key has come or gone since. */
  #sorted: readonly string[] | undefined;

  override set(key: string, value: Value): this {
    if (!this.has(key)) this.#sorted = undefined;
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    const isDeleted = super.delete(key);
    if (isDeleted) this.#sorted = undefined;
    return isDeleted;
  }

  override clear(): void {
    this.#sorted = undefined;
    super.clear();
  }

  /** The first key behind `text`, which need not be a key. Takes a logarithmic number of steps. */
  firstBehind(text: string): string | undefined {
    this.#sorted ??= [...this.keys()].toSorted();
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") > text) high = middle;
      else low = middle + 1;
    }
    return this.#sorted[low];
  }
}
