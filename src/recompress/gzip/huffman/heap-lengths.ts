/** Room for the largest alphabet, with its inner nodes. */
const MOST_SYMBOLS = 286;
const MOST_NODES = 2 * MOST_SYMBOLS + 1;
const LONGEST = 15;

/** What to build a code for. */
export interface CodeRequest {
  readonly counts: Uint32Array;
  /** How many symbols the alphabet has; `counts` and `lengths` have at least as many. */
  readonly symbols: number;
  /** Bits of the longest code that may come out, at most 15. */
  readonly longest: number;
  /** Where the lengths go; those of symbols that are not used become 0. */
  readonly lengths: Uint8Array;
}

/**
 * zlib's way to Huffman codes.
 *
 * The textbook's: join the two lightest nodes until one is left. What makes the result zlib's own is
 * whom it takes among equals. Nodes lie in a binary heap, ordered by weight and, among equals, by the
 * height of the subtree below them. A node that sinks stays above children that are equal to it in both,
 * and of two equal children the right one counts as the first. The two nodes that leave the heap first
 * are joined, and the new node sinks from the root, where the second one was.
 *
 * A code that comes out too long is cut to the limit; then, for each pair of nodes that were cut, the
 * deepest leaf above the limit goes one level down, to become the sibling of one of them. At last the
 * symbols get the lengths anew, the lightest first the longest.
 *
 * An alphabet always has two symbols at least: where fewer are used, the lowest unused ones are given a
 * weight of 1.
 *
 * Lengths are all that a block says of its codes: the codes follow from them (RFC 1951 section 3.2.2).
 */
export class HeapLengths {
  readonly #heap = new Int32Array(MOST_NODES + 1);
  readonly #weights = new Float64Array(MOST_NODES);
  readonly #heights = new Uint16Array(MOST_NODES);
  readonly #parents = new Uint16Array(MOST_NODES);
  readonly #depths = new Uint8Array(MOST_NODES);
  readonly #leavesAt = new Int32Array(LONGEST + 2);
  /** Nodes in the heap; its root is at index 1. */
  #size = 0;
  /** Nodes that have left the heap lie from here to the end of `#heap`, the last one first. */
  #sorted = 0;
  #lastSymbol = -1;

  /** @returns the last symbol that has a code. */
  build(request: CodeRequest): number {
    this.#gather(request);
    this.#join(request.symbols);
    const tooLong = this.#measure(request);
    if (tooLong > 0) this.#repair(request, tooLong);
    for (let symbol = 0; symbol < request.symbols; symbol++) {
      request.lengths[symbol] = this.#depths[symbol] ?? 0;
    }
    return this.#lastSymbol;
  }

  #gather({ counts, symbols }: CodeRequest): void {
    this.#size = 0;
    this.#lastSymbol = -1;
    for (let symbol = 0; symbol < symbols; symbol++) {
      this.#depths[symbol] = 0;
      const count = counts[symbol] ?? 0;
      if (count > 0) this.#leaf(symbol, count);
    }
    while (this.#size < 2) this.#leaf(this.#lastSymbol < 2 ? this.#lastSymbol + 1 : 0, 1);
  }

  #leaf(symbol: number, weight: number): void {
    this.#heap[++this.#size] = symbol;
    this.#weights[symbol] = weight;
    this.#heights[symbol] = 0;
    this.#lastSymbol = Math.max(this.#lastSymbol, symbol);
  }

  #join(symbols: number): void {
    this.#sorted = MOST_NODES + 1;
    for (let place = this.#size >> 1; place >= 1; place--) this.#sink(place);
    let node = symbols;
    while (this.#size >= 2) {
      const first = this.#lightest();
      this.#heap[1] = this.#heap[this.#size--] ?? 0;
      this.#sink(1);
      this.#parent(node, first, this.#lightest());
      this.#heap[1] = node++;
      this.#sink(1);
    }
    this.#heap[--this.#sorted] = this.#lightest();
  }

  #lightest(): number {
    return this.#heap[1] ?? 0;
  }

  #parent(node: number, first: number, second: number): void {
    this.#heap[--this.#sorted] = first;
    this.#heap[--this.#sorted] = second;
    this.#weights[node] = (this.#weights[first] ?? 0) + (this.#weights[second] ?? 0);
    this.#heights[node] = 1 + Math.max(this.#heights[first] ?? 0, this.#heights[second] ?? 0);
    this.#parents[first] = node;
    this.#parents[second] = node;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const node = heap[from] ?? 0;
    let place = from;
    let child = 2 * place;
    while (child <= this.#size) {
      if (child < this.#size && this.#isBefore(heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
      if (this.#isBefore(node, heap[child] ?? 0)) break;
      heap[place] = heap[child] ?? 0;
      place = child;
      child = 2 * place;
    }
    heap[place] = node;
  }

  #isBefore(node: number, other: number): boolean {
    const weight = this.#weights[node] ?? 0;
    const otherWeight = this.#weights[other] ?? 0;
    if (weight !== otherWeight) return weight < otherWeight;
    return (this.#heights[node] ?? 0) <= (this.#heights[other] ?? 0);
  }

  /** Gives every node its depth, from the root on. @returns how many nodes were cut to the limit. */
  #measure({ symbols, longest }: CodeRequest): number {
    const heap = this.#heap;
    this.#leavesAt.fill(0);
    let tooLong = 0;
    this.#depths[heap[this.#sorted] ?? 0] = 0;
    for (let place = this.#sorted + 1; place <= MOST_NODES; place++) {
      const node = heap[place] ?? 0;
      let depth = 1 + (this.#depths[this.#parents[node] ?? 0] ?? 0);
      if (depth > longest) {
        depth = longest;
        tooLong++;
      }
      this.#depths[node] = depth;
      if (node < symbols) this.#leavesAt[depth] = (this.#leavesAt[depth] ?? 0) + 1;
    }
    return tooLong;
  }

  #repair({ symbols, longest }: CodeRequest, tooLong: number): void {
    for (let left = tooLong; left > 0; left -= 2) this.#makeRoom(longest);
    let place = MOST_NODES + 1;
    for (let depth = longest; depth > 0; depth--) {
      let leaves = this.#leavesAt[depth] ?? 0;
      while (leaves > 0) {
        const node = this.#heap[--place] ?? 0;
        if (node >= symbols) continue;
        this.#depths[node] = depth;
        leaves--;
      }
    }
  }

  /** One leaf above the limit goes down by one and gets a sibling from the lowest level. */
  #makeRoom(longest: number): void {
    const leavesAt = this.#leavesAt;
    let depth = longest - 1;
    while ((leavesAt[depth] ?? 1) === 0) depth--;
    leavesAt[depth] = (leavesAt[depth] ?? 0) - 1;
    leavesAt[depth + 1] = (leavesAt[depth + 1] ?? 0) + 2;
    leavesAt[longest] = (leavesAt[longest] ?? 0) - 1;
  }
}
