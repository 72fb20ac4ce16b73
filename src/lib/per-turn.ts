/**
 * Something that lives until the turn of the event loop ends, and is made anew for the next.
 *
 * What a server reads in one turn had arrived when the turn began. An answer that was found in that
 * turn is therefore right for all of it, as if each had been answered the moment it came in. Made by a
 * callback of `setImmediate`, it lives through the next turn as well.
 */
export class PerTurn<Value> {
  readonly #make: () => Value;
  #current: Value | undefined;

  constructor(make: () => Value) {
    this.#make = make;
  }

  /** Keep hold of it over a wait, and what you put in is lost with it when the turn is over. */
  get current(): Value {
    if (this.#current !== undefined) return this.#current;
    setImmediate(() => this.drop());
    this.#current = this.#make();
    return this.#current;
  }

  /** Ends it before the turn does. */
  drop(): void {
    this.#current = undefined;
  }
}
