/**
 * What waits, fair by where it comes from: each place has its turn after the others, and places within a
 * place have so as well. However much one place brings, another waits for a turn of it, not for all.
 */
export class FairQueue<Item> {
  /** Of those that came to just this place, the oldest first. */
  readonly #items: Item[] = [];
  /** None is empty. In the order of their turns. */
  readonly #places = new Map<string, FairQueue<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many wait of the place that has the most. */
  get mostOfOne(): number {
    return Math.max(this.#items.length, ...Array.from(this.#places.values(), ({ size }) => size));
  }

  /** @param path the places it comes from, the widest first. */
  add([place, ...within]: readonly string[], item: Item): void {
    this.#size += 1;
    if (place === undefined) {
      this.#items.push(item);
      return;
    }
    const queue = this.#places.get(place) ?? new FairQueue<Item>();
    this.#places.set(place, queue);
    queue.add(within, item);
  }

  /** Removes the oldest of the place whose turn it is. */
  take(): Item | undefined {
    const [first] = this.#places;
    const item = first === undefined ? this.#items.shift() : first[1].take();
    if (item === undefined) return undefined;
    this.#size -= 1;
    if (first === undefined) return item;
    const [place, queue] = first;
    this.#places.delete(place);
    if (queue.size > 0) this.#places.set(place, queue);
    return item;
  }

  /** Removes the newest of the place that has the most, of several such the one that came last. */
  dropNewest(): Item | undefined {
    const [largest] = [...this.#places].toReversed().toSorted(([, a], [, b]) => b.size - a.size);
    const item = largest === undefined ? this.#items.pop() : largest[1].dropNewest();
    if (item === undefined) return undefined;
    this.#size -= 1;
    if (largest?.[1].size === 0) this.#places.delete(largest[0]);
    return item;
  }

  /** Removes all. */
  drain(): readonly Item[] {
    const all = [...this.#items, ...[...this.#places.values()].flatMap((queue) => queue.drain())];
    this.#items.length = 0;
    this.#places.clear();
    this.#size = 0;
    return all;
  }
}
