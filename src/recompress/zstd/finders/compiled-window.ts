import { PlainWindow, SLACK_BYTES } from "../../plain-window.ts";
import { instantiate, type WasmFunction, type WasmInstance } from "../../wasm-instance.ts";
import type { CompiledSpeed } from "./compiled-speeds.ts";

const PAGE_BYTES = 65_536;
/** A stream's own finder, one that looks for restarts, and one that tries whether there are jobs. */
const PLACES = 3;
const NUMBERS_OF_SEQUENCE = 3;
/** Tables have 27 bits for a position. */
const MOST_CAPACITY = 2 ** 27 - 1;

/** Where a finder's sequences and tables lie in its window's memory. */
export interface FinderPlace {
  /** Byte offset. */
  readonly at: number;
  readonly sequences: Int32Array;
  /** Byte offset. */
  readonly tables: number;
}

/** A window in the memory of a compiled engine, with room for the tables of several finders on it. */
export class CompiledWindow extends PlainWindow {
  readonly speed: CompiledSpeed;
  /** What a finder is to go along with: sequences or fixes. */
  readonly given: Int32Array;
  /** Which sequences a finder had not proposed. */
  readonly noted: Int32Array;
  /** Of one finder's tables. */
  readonly tableBytes: number;
  readonly #instance: WasmInstance;
  readonly #free: FinderPlace[];

  /** @param instance with a memory that is large enough for such a window */
  constructor(speed: CompiledSpeed, instance: WasmInstance, capacity: number) {
    const { memory } = instance;
    super(capacity, { memory, at: instance.constant("WINDOW") });
    const given = instance.constant("GIVEN");
    const noted = instance.constant("NOTED");
    this.speed = speed;
    this.given = new Int32Array(memory, given, (noted - given) / 4);
    this.noted = new Int32Array(memory, noted, this.given.length / 4);
    this.tableBytes = instance.constant("TABLE_BYTES");
    this.#instance = instance;
    this.#free = placesOf(instance, capacity);
  }

  /** Whether such a window can be made in the same memory: if it is for the same module and has room. */
  canHandOver({ moduleBase64 }: CompiledSpeed, capacity: number): boolean {
    const hasRoom = endOfPlaces(this.#instance, capacity) <= this.#instance.memory.byteLength;
    return moduleBase64 === this.speed.moduleBase64 && hasRoom;
  }

  /** @returns another window in the same memory. This one and its finders must not be used any more. */
  handOver(speed: CompiledSpeed, capacity: number): CompiledWindow {
    return windowIn(this.#instance, speed, capacity);
  }

  /** A function of the engine. */
  run(name: string): WasmFunction {
    return this.#instance.run(name);
  }

  /** @returns a place that nobody else has, until {@link giveBack}; `undefined` when all are taken. */
  take(): FinderPlace | undefined {
    return this.#free.pop();
  }

  giveBack(place: FinderPlace): void {
    this.#free.push(place);
  }
}

/** @returns `undefined` where there is no WebAssembly, or no room, or the window would be too large. */
export function createCompiledWindow(
  speed: CompiledSpeed,
  capacity: number,
): CompiledWindow | undefined {
  if (capacity > MOST_CAPACITY) return undefined;
  // A first one only tells how much memory it takes.
  const small = instantiate(speed.moduleBase64);
  if (small === undefined) return undefined;
  const sizeBytes = Math.max(endOfPlaces(small, capacity), small.memory.byteLength);
  const instance = instantiate(speed.moduleBase64, Math.ceil(sizeBytes / PAGE_BYTES));
  return instance && windowIn(instance, speed, capacity);
}

function windowIn(instance: WasmInstance, speed: CompiledSpeed, capacity: number): CompiledWindow {
  if (speed.settings !== undefined) instance.run("choose")(...speed.settings);
  return new CompiledWindow(speed, instance, capacity);
}

function placesOf(instance: WasmInstance, capacity: number): FinderPlace[] {
  const { memory } = instance;
  const tables = instance.constant("TABLES");
  const sequenceNumbers = Math.floor(tables / 4 / NUMBERS_OF_SEQUENCE) * NUMBERS_OF_SEQUENCE;
  return Array.from({ length: PLACES }, (_, index) => {
    const at = startOfPlaces(instance, capacity) + index * placeBytes(instance);
    return { at, sequences: new Int32Array(memory, at, sequenceNumbers), tables: at + tables };
  });
}

function startOfPlaces(instance: WasmInstance, capacity: number): number {
  return toPages(instance.constant("WINDOW") + capacity + SLACK_BYTES);
}

function endOfPlaces(instance: WasmInstance, capacity: number): number {
  return startOfPlaces(instance, capacity) + PLACES * placeBytes(instance);
}

function placeBytes(instance: WasmInstance): number {
  return toPages(instance.constant("TABLES") + instance.constant("TABLE_BYTES"));
}

function toPages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
