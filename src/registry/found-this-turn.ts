import { PerTurn } from "../lib/per-turn.ts";

/**
 * What has been found in the store in this turn of the event loop.
 *
 * All requests that are read in one turn had arrived before the first of them was looked up, so what
 * is found for it is right for each, as if each had been answered the moment it came in. The more
 * requests come at a time, the fewer looks each of them costs.
 */
export class FoundThisTurn<Found> {
  readonly #found = new PerTurn(() => new Map<string, Found | Promise<Found>>());

  /**
   * @param load looks into the store, for all who ask in this turn: it must not end because one of
   * them goes away. What it throws is thrown to all of them.
   */
  find(key: string, load: () => Promise<Found>): Found | Promise<Found> {
    const found = this.#found.current;
    const known = found.get(key);
    if (known !== undefined) return known;
    const loading = this.#load(found, key, load);
    found.set(key, loading);
    return loading;
  }

  /** When the turn is over meanwhile, nobody looks at `found` any more. */
  async #load(
    found: Map<string, Found | Promise<Found>>,
    key: string,
    load: () => Promise<Found>,
  ): Promise<Found> {
    const value = await load();
    if (value !== undefined) found.set(key, value);
    return value;
  }
}
