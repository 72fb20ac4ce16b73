import { PerTurn } from "../lib/per-turn.ts";

/**
 * What has been found in the store in this turn of the event loop.
 *
 * All requests that are read in one turn had arrived before the first of them was looked up, so what
 * was found for it is right for each, as if each had been answered the moment it came in. The more
 * requests come at a time, the fewer looks each of them costs.
 */
export class FoundThisTurn<Value> {
  readonly #found = new PerTurn(() => new Map<string, Value>());

  /** @param load looks into the store. What it throws, and absence, is not kept. */
  find<Found extends Value | undefined>(
    key: string,
    load: () => Promise<Found>,
  ): Value | Promise<Found | Value> {
    const found = this.#found.current;
    return found.get(key) ?? this.#load(found, key, load);
  }

  /** When the turn is over meanwhile, nobody looks at `found` any more. */
  async #load<Found extends Value | undefined>(
    found: Map<string, Value>,
    key: string,
    load: () => Promise<Found>,
  ): Promise<Found> {
    const value = await load();
    if (value !== undefined) found.set(key, value);
    return value;
  }
}
