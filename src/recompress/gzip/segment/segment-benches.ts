import { PlainWindow } from "../../plain-window.ts";
import { RecipeError } from "../../recipe-error.ts";
import type { Framing } from "../framing.ts";
import { SEGMENT_BYTES, type SegmentEngine } from "./segment-engine.ts";
import type { MakeSegmentEngine } from "./segment-levels.ts";

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

/** Makes benches, and keeps one for the next member. */
export class SegmentBenches {
  readonly framing: Framing;
  readonly #make: MakeSegmentEngine;
  #spare: SegmentBench | undefined;

  /** @throws {RecipeError} when the framing has blocks of no bytes. */
  constructor(make: MakeSegmentEngine, framing: Framing) {
    if (framing.kind === "blocks" && framing.blockBytes < 1) {
      throw new RecipeError("a framing has blocks without bytes");
    }
    this.#make = make;
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

  #build(): SegmentBench {
    const window = new PlainWindow(WINDOW_BYTES);
    let cold: SegmentEngine | undefined;
    return {
      window,
      engine: this.#make(window),
      wanted: new Uint32Array(SEGMENT_BYTES + 1),
      cold: () => (cold ??= this.#make(window)),
    };
  }
}
