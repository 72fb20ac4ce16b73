import { ColumnWriter } from "../columns.ts";
import type { Framing } from "./framing.ts";
import { NO_FRAMING } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { TokenModel, TokenPredictor } from "./token-model.ts";
import type { StretchTaker, TokenSample } from "./token-sample.ts";

/** Equals that go on side by side. Each has an encoder's tables. */
const MOST_TIES = 6;

/** Who may have written a member. */
export interface Candidate {
  readonly engine: GzipEngine;
  readonly framing: Framing;
}

/** A candidate that follows the member, with what it did not foresee. */
export class Runner implements StretchTaker {
  readonly candidate: Candidate;
  readonly model: TokenModel;
  readonly corrections = new ColumnWriter();
  readonly predictor: TokenPredictor;
  #most = Infinity;
  #hasEnded = false;

  /** @param model of the candidate, if there is one already: models keep their tables for the next member */
  constructor(candidate: Candidate, model = candidate.engine.model(candidate.framing)) {
    this.candidate = candidate;
    this.model = model;
    this.predictor = this.model.predictor(this.corrections);
  }

  /** From now on it wants no more once it has this many corrections and one more. */
  giveUpBeyond(corrections: number): void {
    this.#most = corrections;
  }

  take(plain: Uint8Array, tokens: Uint32Array | undefined): boolean {
    this.predictor.take(plain, tokens);
    return this.predictor.corrections <= this.#most;
  }

  /** The member ends here. */
  end(): void {
    if (!this.#hasEnded) this.predictor.end();
    this.#hasEnded = true;
  }
}

/** What a race is about. */
export interface RaceCourse {
  readonly sample: TokenSample;
  /** Whether the sample is the member from start to end. */
  readonly isWhole: boolean;
}

/** Who may take part in a race. */
export interface RaceField {
  /** Likeliest first. */
  readonly engines: readonly GzipEngine[];
  /** Likeliest first. */
  readonly framings: readonly Framing[];
}

/** The heats: the first sets an order, the second tells those that come into question. */
const FIRST_HEAT_BYTES = 24 * 1024;
/** Some engines choose by segments of 64 KiB, and show what they did not foresee only then. */
const SECOND_HEAT_BYTES = 192 * 1024;
const MOST_FINALISTS = 4;
/** Who has this many times the best one's corrections, and some more, may still win in the end. */
const NEAR_FACTOR = 1.25;
const NEAR_CORRECTIONS = 16;
/** Who has more than this many times the best one's corrections has lost. */
const TIE_FACTOR = 1.1;

/**
 * Finds who foresees the sample best: in two heats who comes into question at all, and of those the ones
 * with the fewest corrections in the whole of it.
 *
 * @returns those that are as good as equal, likeliest first; they have taken the whole sample.
 */
export function race(field: RaceField, course: RaceCourse): readonly Runner[] {
  const engines = finalists(field, course.sample);
  const candidates = engines.flatMap((engine) =>
    field.framings.map((framing) => ({ engine, framing })),
  );
  return runAll(candidates, course);
}

/** @returns one that takes the whole sample as `last` took what came before. */
export function runAgain(last: Runner, { sample, isWhole }: RaceCourse): Runner {
  const runner = new Runner(last.candidate, last.model);
  sample.replayStretches(runner, Infinity);
  if (isWhole) runner.end();
  return runner;
}

/**
 * Lets the candidates take the whole sample, one after the other; who falls behind drops out there.
 *
 * @returns those with the fewest corrections and those near them, in the order of the candidates.
 */
function runAll(candidates: Iterable<Candidate>, course: RaceCourse): readonly Runner[] {
  let limit = Infinity;
  const arrived: Runner[] = [];
  for (const candidate of candidates) {
    const runner = new Runner(candidate);
    runner.giveUpBeyond(limit);
    if (!course.sample.replayStretches(runner, Infinity)) continue;
    if (course.isWhole) runner.end();
    arrived.push(runner);
    // Where nobody foresees all, a few more corrections may go with shorter block tables.
    limit = Math.min(limit, Math.floor(runner.predictor.corrections * TIE_FACTOR));
  }
  return arrived.filter(({ predictor }) => predictor.corrections <= limit).slice(0, MOST_TIES);
}

function finalists(field: RaceField, sample: TokenSample): readonly GzipEngine[] {
  let left = field.engines;
  if (sample.plainBytes > FIRST_HEAT_BYTES) {
    left = run(left, { sample, untilByte: FIRST_HEAT_BYTES, isForOrder: true }).map(engineOf);
  }
  if (sample.plainBytes <= SECOND_HEAT_BYTES) return left;
  // Framings differ only from the second block on, and are not tried yet.
  const [framing] = field.framings;
  const blockBytes = framing?.kind === "blocks" ? framing.blockBytes : SECOND_HEAT_BYTES;
  const untilByte = Math.min(SECOND_HEAT_BYTES, blockBytes);
  const arrived = run(left, { sample, untilByte, isForOrder: false });
  const best = arrived[0]?.corrections;
  // Those that are equal so far may part later: in bytes that hardly compress, much later.
  return arrived
    .filter(({ corrections }, index) => index < MOST_FINALISTS || corrections === best)
    .map(engineOf);
}

function engineOf({ engine }: Arrival): GzipEngine {
  return engine;
}

interface Arrival {
  readonly engine: GzipEngine;
  readonly corrections: number;
}

interface Heat {
  readonly sample: TokenSample;
  readonly untilByte: number;
  /** All go on to the next heat. */
  readonly isForOrder: boolean;
}

/** @returns the engines that are not far behind the best, or all, fewest corrections first. */
function run(engines: readonly GzipEngine[], heat: Heat): readonly Arrival[] {
  let limit = Infinity;
  const arrived: Arrival[] = [];
  for (const engine of engines) {
    const runner = new Runner({ engine, framing: NO_FRAMING });
    runner.giveUpBeyond(limit);
    if (!heat.sample.replayStretches(runner, heat.untilByte)) continue;
    const { corrections } = runner.predictor;
    arrived.push({ engine, corrections });
    if (heat.isForOrder) continue;
    limit = Math.min(limit, corrections * NEAR_FACTOR + NEAR_CORRECTIONS);
  }
  return arrived
    .filter(({ corrections }) => corrections <= limit)
    .toSorted((one, other) => one.corrections - other.corrections);
}

/** Marks of a gzip header (RFC 1952 section 2.3.1): XFL of the best and the fastest level, and OS. */
const XFL_BEST = 2;
const XFL_FASTEST = 4;
const OS_UNIX = 3;
const OS_UNKNOWN = 255;

/**
 * @param header of the member. Encoders say in it what they like, so it only sets an order.
 * @returns the engines, likeliest first.
 */
export function likeliestFirst(
  engines: readonly GzipEngine[],
  header: Uint8Array,
): readonly GzipEngine[] {
  return engines.toSorted((one, other) => fit(other, header) - fit(one, header));
}

function fit(engine: GzipEngine, header: Uint8Array): number {
  const extra = header[8] ?? 0;
  const isZlib = /^(zlib|GNU)/.test(engine.encoder);
  const fitsLevel =
    (extra === XFL_BEST) === (engine.level === "9") &&
    (extra === XFL_FASTEST) === (engine.level === "1");
  const fitsSystem = isZlib === (header[9] !== OS_UNKNOWN);
  // It differs from zlib only in its last bytes, by when one of the two has been chosen.
  const isGnu = engine.encoder === "GNU gzip" && header[9] === OS_UNIX;
  return (fitsLevel ? 4 : 0) + (fitsSystem ? 2 : 0) + (isGnu ? 1 : 0);
}
