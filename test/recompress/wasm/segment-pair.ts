import type {
  Guide,
  SegmentEngine,
  SegmentSpan,
} from "../../../src/recompress/gzip/segment/segment-engine.ts";
import { SEGMENT_ENGINES } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_TWINS } from "../../../src/recompress/gzip/segment/segment-twins.ts";
import { createTwin, type TwinEngine } from "../../../src/recompress/gzip/segment/twin-engine.ts";
import { PlainWindow } from "../../../src/recompress/plain-window.ts";

const WINDOW_BYTES = 1 << 20;
/** Older than any entry of a table. */
const FROM_EVER = -(2 ** 30);

/** What came of a run. A run that follows chooses no tokens. */
export interface RunResult extends Omit<SegmentEngine["trail"], "tokens"> {
  readonly tokens: Uint32Array | undefined;
}

/** An engine in TypeScript and its twin, on windows with the same bytes. */
export class SegmentPair {
  readonly oracle: SegmentEngine;
  /** Runs before them, free, to say what tokens there might be. */
  readonly scout: SegmentEngine;
  readonly twin: TwinEngine;
  readonly #window = new PlainWindow(WINDOW_BYTES);

  constructor(level: SegmentLevel) {
    const shape = SEGMENT_TWINS[level];
    const twin = shape === undefined ? undefined : createTwin(shape);
    if (twin === undefined) throw new Error("this Node has no WebAssembly");
    this.twin = twin;
    this.oracle = SEGMENT_ENGINES[level](this.#window);
    this.scout = SEGMENT_ENGINES[level](this.#window);
  }

  get end(): number {
    return this.#window.end;
  }

  append(bytes: Uint8Array): void {
    this.#window.append(bytes);
    this.twin.window.append(bytes);
  }

  slide(by: number): void {
    this.#window.slide(by);
    this.oracle.tables.lower(by);
    this.scout.tables.lower(by);
    this.twin.window.slide(by);
    this.twin.tables.lower(by);
  }

  clear(): void {
    this.oracle.tables.clear();
    this.scout.tables.clear();
    this.twin.tables.clear();
  }

  /** Runs both. @returns what each came to: the same, if they are twins. */
  run(span: SegmentSpan, guide: Guide): { readonly oracle: RunResult; readonly twin: RunResult } {
    this.oracle.run(span, guide);
    this.twin.run(span, guide);
    return { oracle: resultOf(this.oracle, guide), twin: resultOf(this.twin, guide) };
  }

  /** Whether their tables are the same, slot by slot, but for previous positions that nobody can see. */
  get areTablesSame(): boolean {
    const [one, other] = [this.oracle.tables, this.twin.tables];
    return one.isAlike(other, FROM_EVER) && other.isAlike(one, FROM_EVER);
  }

  /** Tokens that the span might have. */
  scouted(span: SegmentSpan): Uint32Array {
    this.scout.run(span, { kind: "free" });
    return this.scout.trail.tokens.slice(0, this.scout.trail.count);
  }
}

function resultOf({ trail }: SegmentEngine, guide: Guide): RunResult {
  const { count, at, fixes, isSettled } = trail;
  const tokens = guide.kind === "follow" ? undefined : trail.tokens.slice(0, count);
  return { tokens, count, at, fixes, isSettled };
}
