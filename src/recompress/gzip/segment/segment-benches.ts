import { PlainWindow } from "../../plain-window.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { Framing } from "../framing.ts";
import { SEGMENT_BYTES, type SegmentEngine } from "./segment-engine.ts";
import type { MakeSegmentEngine } from "./segment-levels.ts";
import { createTwin, type TwinShape } from "./twin-engine.ts";

const WINDOW_BYTES = 1 << 20;

/** What it takes to work through a member: near 2 MiB, so it goes from one to the next. */
export interface SegmentBench {
  readonly window: PlainWindow;
  readonly engine: SegmentEngine;
  /** Room for the tokens of a segment. */
  readonly wanted: Uint32Array;
  /** Another engine on the same window. */
  cold(): SegmentEngine;
}

/** How a level's engines are made. */
export interface SegmentEngines {
  readonly make: MakeSegmentEngine;
  /** The compiled one, if there is any. */
  readonly twin: TwinShape | undefined;
}

/** Makes benches, and keeps one for the next member. */
export class SegmentBenches {
  readonly framing: Framing;
  readonly #engines: SegmentEngines;
  #spare: SegmentBench | undefined;

  /** @throws {RecipeError} when the framing has blocks of no bytes. */
  constructor(engines: SegmentEngines, framing: Framing) {
    if (framing.kind === "blocks" && framing.blockBytes < 1) {
      throw new RecipeError("a framing has blocks without bytes");
    }
    this.#engines = engines;
    this.framing = framing;
  }

  /** @returns a bench that nobody else has: {@link giveBack} it when the member ends. */
  borrow(): SegmentBench {
    const bench = this.#spare ?? this.#build();
    this.#spare = undefined;
    return bench;
  }

  giveBack(bench: SegmentBench): void {
    bench.window.end = 0;
    bench.window.slid = 0;
    this.#spare = bench;
  }

  /** The cold engine is rarely needed and need not be fast: it is the one in TypeScript. */
  #build(): SegmentBench {
    const { make, twin: shape } = this.#engines;
    const twin = shape === undefined ? undefined : createTwin(shape);
    const window = twin?.window ?? new PlainWindow(WINDOW_BYTES);
    let cold: SegmentEngine | undefined;
    return {
      window,
      engine: twin ?? make(window),
      wanted: twin?.wanted ?? new Uint32Array(SEGMENT_BYTES + 1),
      cold: () => (cold ??= make(window)),
    };
  }
}
