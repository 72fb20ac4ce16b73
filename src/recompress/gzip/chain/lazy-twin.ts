import { PlainWindow } from "../../plain-window.ts";
import { instantiate, type WasmInstance } from "../../wasm-instance.ts";
import type { ChainEngine, PendingMatch } from "./chain-engine.ts";
import type { ChainStart } from "./chain-matcher.ts";
import { ChainTables } from "./chain-tables.ts";
import { bytesInMemory, MEMORY_BYTES } from "./encoder-memory.ts";
import { MODULE_BASE64 } from "./lazy-engine-module.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

const FLAVOURS = { go: 0, zlib: 1 } as const;
const HASHES = { go: 1 << 17, zlib: 1 << 15 } as const;
const LOOKAHEAD_BYTES = LONGEST_MATCH + 8;
/** The last place in Go's memory before it drops the older half. */
const LAST_BEFORE_MOVE = MEMORY_BYTES - (LONGEST_MATCH + 4);

/** What sets the encoders and levels apart. */
export interface LazySettings {
  readonly flavour: "go" | "zlib";
  /** zlib: from this length in hand on, only a quarter of `tries` is made. */
  readonly good: number;
  /** Matches of this length and longer are taken at once. */
  readonly lazy: number;
  /** A match of this length ends the search. */
  readonly nice: number;
  /** How many candidates are compared. */
  readonly tries: number;
}

/**
 * Lazy matching over hash chains in WebAssembly: chooses exactly what `LazyEngine` chooses with the matcher
 * of zlib or Go.
 *
 * The window, the tables and the tokens lie in the module's memory, which is this engine's alone and never
 * grows. Whatever the tokens or corrections are, it stays inside: hashes and slots are cut to the size of
 * their tables, tokens come in pieces of a fixed size, and what is compared lies between the oldest
 * position in reach and the end of what was supplied, which is checked against the window.
 */
export class LazyTwin implements ChainEngine {
  readonly window: PlainWindow;
  readonly warmUpBytes = 0;
  readonly historyBytes = WINDOW_BYTES;
  until = 0;
  readonly #flavour: LazySettings["flavour"];
  readonly #tables: ChainTables;
  readonly #tokens: Uint32Array;
  readonly #call: LazyCalls;
  #limit = 0;

  constructor(instance: WasmInstance, { flavour, good, lazy, nice, tries }: LazySettings) {
    const { memory } = instance;
    const capacity = instance.constant("WINDOW_BYTES");
    this.window = new PlainWindow(capacity, { memory, at: instance.constant("WINDOW") });
    const tokenRoom = instance.constant("TOKEN_ROOM");
    this.#tokens = new Uint32Array(memory, instance.constant("TOKENS"), tokenRoom);
    this.#tables = new ChainTables(this.window.view, HASHES[flavour], {
      newest: new Int32Array(memory, instance.constant("NEWEST"), HASHES[flavour]),
      back: new Uint16Array(memory, instance.constant("BACK"), WINDOW_BYTES),
    });
    this.#flavour = flavour;
    this.#call = callsOf(instance);
    instance.run("choose")(FLAVOURS[flavour], good, lazy, nice, tries);
  }

  get position(): number {
    return this.#call.getPosition();
  }

  get canChoose(): boolean {
    return this.position < this.#limit;
  }

  get pending(): PendingMatch {
    return { length: this.#call.getLength(), distance: this.#call.getDistance() };
  }

  begin({ from, at, bytesBefore, isDictionary }: ChainStart): void {
    this.#checkInside(at);
    if (from < at || from < this.#call.getEntered()) this.#tables.clear();
    const inMemory = this.#flavour === "go" ? bytesInMemory(bytesBefore, LAST_BEFORE_MOVE) : 0;
    this.#call.begin(from, at, from - inMemory, isDictionary ? 1 : 0);
  }

  takeUp({ length, distance }: PendingMatch): void {
    this.#call.takeUp(length, distance);
  }

  supply(end: number, isLast: boolean): void {
    this.#checkInside(end);
    this.#limit = isLast ? end : end - LOOKAHEAD_BYTES;
    this.#call.supply(end, this.#limit);
  }

  follow(tokens: Uint32Array, from: number, to: number): number {
    const room = this.#tokens.length;
    for (let index = from; index < to; index += room) {
      const piece = tokens.subarray(index, Math.min(to, index + room));
      this.#tokens.set(piece);
      const followed = this.#call.follow(piece.length);
      if (followed < piece.length) return index + followed;
    }
    return to;
  }

  produce(tokens: Uint32Array, from: number, to: number): number {
    const room = this.#tokens.length;
    let index = from;
    while (index < to) {
      const wanted = Math.min(to - index, room);
      const count = this.#call.produce(wanted, this.until);
      tokens.set(this.#tokens.subarray(0, count), index);
      index += count;
      if (count < wanted) break;
    }
    return index;
  }

  pass(until: number): number {
    return this.#call.pass(until);
  }

  consider(): boolean {
    if (!this.canChoose) return false;
    this.#call.consider();
    return true;
  }

  force(token: number): void {
    this.#call.force(token);
  }

  slide(by: number): void {
    this.window.slide(by);
    this.#call.slide(by, HASHES[this.#flavour]);
    this.#limit -= by;
  }

  isAlike(other: LazyTwin): boolean {
    this.#call.settle();
    other.#call.settle();
    const [mine, theirs] = [this.pending, other.pending];
    if (mine.length !== theirs.length) return false;
    if (mine.length > 0 && mine.distance !== theirs.distance) return false;
    const by = this.position - other.position;
    const lowest = this.#call.getLowest();
    return (
      this.#call.getEntered() === other.#call.getEntered() + by &&
      this.#call.getMemory() === other.#call.getMemory() + by &&
      lowest === other.#call.getLowest() + by &&
      this.#tables.isAlike(other.#tables, by, lowest)
    );
  }

  /** A position below 0 traps in the module. */
  #checkInside(end: number): void {
    if (end > this.window.end) {
      throw new RangeError("an engine is told of bytes that are not in its window");
    }
  }
}

/** @returns an engine with its window; `undefined` where there is no WebAssembly. */
export function createLazyTwin(settings: LazySettings): LazyTwin | undefined {
  const instance = instantiate(MODULE_BASE64);
  return instance === undefined ? undefined : new LazyTwin(instance, settings);
}

type LazyCalls = Readonly<ReturnType<typeof callsOf>>;

/** What the module can do. */
function callsOf(instance: WasmInstance) {
  return {
    begin: instance.run("begin"),
    supply: instance.run("supply"),
    slide: instance.run("slide"),
    follow: instance.run("follow"),
    produce: instance.run("produce"),
    pass: instance.run("pass"),
    consider: instance.run("consider"),
    force: instance.run("force"),
    takeUp: instance.run("takeUp"),
    settle: instance.run("settle"),
    getPosition: instance.run("getPosition"),
    getLength: instance.run("getLength"),
    getDistance: instance.run("getDistance"),
    getEntered: instance.run("getEntered"),
    getMemory: instance.run("getMemory"),
    getLowest: instance.run("getLowest"),
  };
}
