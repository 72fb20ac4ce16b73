/** Room for pieces of bytes or numbers, in arrays that are made when they are needed. */
export class PieceRoom<Items extends Uint8Array | Uint32Array> {
  readonly #make: () => Items;
  readonly #part: (items: Items, from: number, to: number) => Items;
  #items: Items;
  #used = 0;

  /**
   * @param make makes an array, each time of the same size
   * @param part gives a view of a part of it
   */
  constructor(make: () => Items, part: (items: Items, from: number, to: number) => Items) {
    this.#make = make;
    this.#part = part;
    this.#items = make();
  }

  /** @param size at most that of the arrays @returns room that nobody else has */
  take(size: number): Items {
    if (this.#used + size > this.#items.length) {
      this.#items = this.#make();
      this.#used = 0;
    }
    this.#used += size;
    return this.#part(this.#items, this.#used - size, this.#used);
  }

  /** Whatever was taken is free again. */
  clear(): void {
    this.#used = 0;
  }
}
