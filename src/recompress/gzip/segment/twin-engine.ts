import { PlainWindow } from "../../plain-window.ts";
import { instantiate, type WasmFunction, type WasmInstance } from "../../wasm-instance.ts";
import { PositionTables } from "./position-tables.ts";
import {
  type Guide,
  SEGMENT_BYTES,
  type SegmentEngine,
  type SegmentSpan,
  type SegmentTrail,
} from "./segment-engine.ts";

const GUIDES = { free: 0, follow: 1, replay: 2 } as const;
const TOKEN_ROOM = SEGMENT_BYTES + 1;

/** A compiled engine: what it is told once, and what tables it has, one after the other. */
export interface TwinShape {
  readonly moduleBase64: string;
  /** For the module's `choose`. */
  readonly settings: readonly [number, number];
  /** Slots of a table with one position for each hash. */
  readonly singleSlots: number;
  /** Slots of a table with two. */
  readonly pairSlots: number;
}

/**
 * A segment engine in WebAssembly: chooses exactly what its twin in TypeScript chooses.
 *
 * The window, the tables and the tokens lie in the module's memory, which is this engine's alone and never
 * grows. Whatever the tokens or corrections are, it stays inside: hashes are cut to the size of their
 * table; a run has at most a token for each byte of its span, whose size is checked, and traps at a token of no
 * bytes; and positions come from the span, which is checked against the window, or from tables that hold
 * only such positions. A position out of reach is read nowhere, and one below 0 traps.
 */
export class TwinEngine implements SegmentEngine, SegmentTrail {
  readonly window: PlainWindow;
  readonly tables: PositionTables;
  readonly tokens: Uint32Array;
  /** Where the tokens to follow are best put, to save a copy. */
  readonly wanted: Uint32Array;
  count = 0;
  at = 0;
  isSettled = true;
  fixes: readonly number[] = [];
  readonly #fixes: Uint32Array;
  readonly #run: WasmFunction;
  readonly #tokenCount: WasmFunction;
  readonly #reached: WasmFunction;
  readonly #notedCount: WasmFunction;
  readonly #isSettled: WasmFunction;

  constructor(instance: WasmInstance, { settings, singleSlots, pairSlots }: TwinShape) {
    const { memory } = instance;
    const capacity = instance.constant("WINDOW_BYTES");
    this.window = new PlainWindow(capacity, { memory, at: instance.constant("WINDOW") });
    const tables = instance.constant("TABLES");
    const single = new Int32Array(memory, tables, singleSlots);
    const pair = new Int32Array(memory, tables + single.byteLength, pairSlots);
    this.tables = new TwinTables([single, pair], instance.run("lower"));
    this.tokens = new Uint32Array(memory, instance.constant("TOKENS"), TOKEN_ROOM);
    this.#fixes = new Uint32Array(memory, instance.constant("WANTED"), 2 * TOKEN_ROOM);
    this.wanted = this.#fixes.subarray(0, TOKEN_ROOM);
    this.#run = instance.run("run");
    this.#tokenCount = instance.run("tokenCount");
    this.#reached = instance.run("reached");
    this.#notedCount = instance.run("notedCount");
    this.#isSettled = instance.run("isSettled");
    instance.run("choose")(...settings);
  }

  get trail(): SegmentTrail {
    return this;
  }

  run(span: SegmentSpan, guide: Guide): void {
    const { start, end, base, isSearched } = span;
    const isInside = base >= 0 && base <= start && end <= this.window.end;
    if (!isInside || end - start > SEGMENT_BYTES) {
      throw new RangeError("a segment does not lie in its window");
    }
    const fixCount = this.#tell(guide);
    this.#run(start, end, base, isSearched ? 1 : 0, GUIDES[guide.kind], fixCount);
    this.count = this.#tokenCount();
    this.at = this.#reached();
    this.isSettled = this.#isSettled() === 1;
    this.fixes = guide.kind === "replay" ? guide.fixes : this.#noted();
  }

  /** Puts in the memory what the guide says. @returns how many fixes there are to replay. */
  #tell(guide: Guide): number {
    if (guide.kind === "free") return 0;
    if (guide.kind === "replay") {
      this.#fixes.set(guide.fixes);
      return guide.fixes.length / 2;
    }
    if (guide.tokens !== this.wanted) this.wanted.set(guide.tokens.subarray(0, TOKEN_ROOM));
    return 0;
  }

  #noted(): readonly number[] {
    const count = this.#notedCount();
    const fixes: number[] = [];
    for (let index = 0; index < count; index++) {
      const token = this.tokens[index] ?? 0;
      fixes.push(token, this.wanted[token] ?? 0);
    }
    return fixes;
  }
}

/** The tables of a compiled engine, which lowers them faster. */
class TwinTables extends PositionTables {
  readonly #slots: number;
  readonly #lower: WasmFunction;

  /** @param tables one after the other in the memory */
  constructor([single, pair]: readonly [Int32Array, Int32Array], lower: WasmFunction) {
    super([single], pair.length === 0 ? [] : [pair]);
    this.#slots = single.length + pair.length;
    this.#lower = lower;
  }

  override lower(by: number): void {
    this.#lower(this.#slots, by);
  }
}

/** @returns a compiled engine with its window; `undefined` where there is no WebAssembly. */
export function createTwin(shape: TwinShape): TwinEngine | undefined {
  const instance = instantiate(shape.moduleBase64);
  return instance === undefined ? undefined : new TwinEngine(instance, shape);
}
