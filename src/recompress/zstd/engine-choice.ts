import { chooseBorders } from "./border-choice.ts";
import type { BorderKind } from "./frame-borders.ts";
import type { SampleBlock, SeenSettings, StreamSample } from "./stream-sample.ts";
import { FinderRun } from "./finder-run.ts";
import type { EngineMemory } from "../engine-memory.ts";
import type { ZstdEngine } from "./zstd-engines.ts";

/** An engine is given up when it is wrong about one sequence in this many, */
const HOPELESS_SHARE = 4;
/** once it was wrong this often. */
const PATIENCE = 100;
const FIX_NUMBERS = 4;

/** The engine that wrote a stream, as far as can be told, and its settings. */
export interface EngineChoice {
  readonly engine: ZstdEngine;
  readonly windowBytes: number;
  readonly blockBytes: number;
  /** Where frames end. */
  readonly borders: BorderKind;
  /** Whether the last block of a frame is an empty one. */
  readonly endsEmpty: boolean;
}

/**
 * Tries engines on the first blocks of a stream, those first whose usual settings are the ones that show.
 *
 * @param memory of those that were tried, for those that come
 * @returns the one that has to be corrected least, the earlier of two that are equal; `undefined` when none has
 * anything to do with the stream.
 */
export function chooseEngine(
  engines: readonly ZstdEngine[],
  sample: StreamSample,
  memory: EngineMemory,
): EngineChoice | undefined {
  const { seen } = sample;
  let best: ZstdEngine | undefined;
  let fewest = Infinity;
  for (const engine of likeliestFirst(engines, seen)) {
    const windowBytes = seen.windowBytes ?? engine.windowBytes;
    const run = new FinderRun(engine, { windowBytes, memory });
    const trial = new Trial(run, sample, fewest);
    const holds = trial.isWithinLimit();
    run.release();
    if (!holds) continue;
    best = engine;
    fewest = trial.corrections;
    if (fewest === 0) break;
  }
  return best && withSettings(best, sample);
}

function withSettings(engine: ZstdEngine, sample: StreamSample): EngineChoice {
  const { seen } = sample;
  return {
    engine,
    windowBytes: seen.windowBytes ?? engine.windowBytes,
    blockBytes: seen.blockBytes ?? engine.blockBytes,
    borders: chooseBorders(sample),
    endsEmpty: sample.endsEmpty,
  };
}

function likeliestFirst(engines: readonly ZstdEngine[], seen: SeenSettings): readonly ZstdEngine[] {
  const oddity = (engine: ZstdEngine): number =>
    (seen.windowBytes === undefined || seen.windowBytes === engine.windowBytes ? 0 : 1) +
    (seen.blockBytes === undefined || seen.blockBytes === engine.blockBytes ? 0 : 1);
  return engines.toSorted((one, other) => oddity(one) - oddity(other));
}

class Trial {
  readonly #run: FinderRun;
  readonly #sample: StreamSample;
  readonly #limit: number;
  #sequences = 0;
  corrections = 0;

  /** @param limit corrections that must not be reached */
  constructor(run: FinderRun, sample: StreamSample, limit: number) {
    this.#run = run;
    this.#sample = sample;
    this.#limit = limit;
  }

  isWithinLimit(): boolean {
    return this.#sample.blocks.every((block) => {
      this.#take(block);
      const isHopeless =
        this.corrections > PATIENCE && this.corrections * HOPELESS_SHARE > this.#sequences;
      return this.corrections < this.#limit && !isHopeless;
    });
  }

  #take({ span, sequences, count }: SampleBlock): void {
    const run = this.#run;
    const { start, end, frameStart, isOnlyBlock } = span;
    if (end === start) return;
    run.makeRoom();
    run.append(this.#sample.window.bytes.subarray(start, end));
    const block = { sizeBytes: end - start, frameStart, isOnlyBlock };
    const isSeen = sequences !== undefined;
    run.find(block, isSeen ? { kind: "follow", sequences, count } : { kind: "free" });
    run.advance(end - start);
    if (!isSeen) return;
    this.corrections += run.finder.fixes.length / FIX_NUMBERS;
    this.#sequences += count;
  }
}
