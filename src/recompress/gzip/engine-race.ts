import { ColumnWriter } from "../columns.ts";
import type { Framing } from "./framing.ts";
import { NO_FRAMING } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { TokenModel, TokenPredictor } from "./token-model.ts";
import type { StretchTaker, TokenSample } from "./token-sample.ts";

/** Equals that go on side by side. Each has an encoder's tables. */
const MOST_TIES = 6;

/** The heats: the first sets an order, the second tells those that come into question. */
const FIRST_HEAT_BYTES = 24 * 1024;
/** Some engines choose by segments of 64 KiB, and show what they did not foresee only then. */
const SECOND_HEAT_BYTES = 192 * 1024;
const MOST_FINALISTS = 4;
/** As many models are kept from heat to heat at most: each has an encoder's window and tables. */
const MOST_MODELS = 8;
/** Who has this many times the best one's corrections, and some more, may still win in the end. */
const NEAR_FACTOR = 1.25;
const NEAR_CORRECTIONS = 16;
/** Who has more than this many times the best one's corrections has lost. */
const TIE_FACTOR = 1.1;

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
  /** Corrections when the first heat's bytes had gone by, or all so far. */
  earlyCorrections = 0;
  #most = Infinity;
  #bytes = 0;
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
    const { corrections } = this.predictor;
    if (this.#bytes < FIRST_HEAT_BYTES) this.earlyCorrections = corrections;
    this.#bytes += plain.length;
    return corrections <= this.#most;
  }

  /** @returns the model, whose tables are free again. The runner must not be used any more. */
  idleModel(): TokenModel {
    this.end();
    return this.model;
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

/**
 * Finds who foresees the sample best: in two heats who comes into question at all, and of those the ones
 * with the fewest corrections in the whole of it.
 *
 * @returns those that are as good as equal, likeliest first; they have taken the whole sample.
 */
export function race(field: RaceField, course: RaceCourse): readonly Runner[] {
  return runAll(finalists(field, course.sample), field.framings, course);
}

/** @returns one that takes the whole sample as `last` took what came before. */
export function runAgain(last: Runner, { sample, isWhole }: RaceCourse): Runner {
  const runner = new Runner(last.candidate, last.model);
  sample.replayStretches(runner, Infinity);
  if (isWhole) runner.end();
  return runner;
}

/** An engine in the heats, which are without framing. */
interface Contender {
  readonly engine: GzipEngine;
  /** Has tables that can be used again; not kept of those that fell behind. */
  readonly model: TokenModel | undefined;
  /** Those it has at least. */
  readonly corrections: number;
  /** In the first heat's bytes: of equals the one that had fewer there is first. */
  readonly earlyCorrections: number;
  /** Its place in the field. */
  readonly rank: number;
}

const NEW_CONTENDER = { model: undefined, corrections: 0, earlyCorrections: 0 } as const;

/**
 * Lets the candidates take the whole sample, one after the other; who falls behind drops out there.
 *
 * @returns those with the fewest corrections and those near them, in the order of the contenders.
 */
function runAll(
  contenders: readonly Contender[],
  framings: readonly Framing[],
  { sample, isWhole }: RaceCourse,
): readonly Runner[] {
  let limit = Infinity;
  const arrived: Runner[] = [];
  for (const { candidate, model, corrections } of candidates(contenders, framings)) {
    // Those that foresee all cannot be beaten any more.
    if (corrections > limit || (limit === 0 && arrivedBy(arrived, 0) >= MOST_TIES)) continue;
    const runner = new Runner(candidate, model);
    runner.giveUpBeyond(limit);
    if (!sample.replayStretches(runner, Infinity)) continue;
    if (isWhole) runner.end();
    arrived.push(runner);
    // Where nobody foresees all, a few more corrections may go with shorter block tables.
    limit = Math.min(limit, Math.floor(runner.predictor.corrections * TIE_FACTOR));
  }
  return arrived.filter(({ predictor }) => predictor.corrections <= limit).slice(0, MOST_TIES);
}

function arrivedBy(runners: readonly Runner[], most: number): number {
  return runners.filter(({ predictor }) => predictor.corrections <= most).length;
}

function candidates(contenders: readonly Contender[], framings: readonly Framing[]) {
  return contenders.flatMap(({ engine, model, corrections }) =>
    framings.map((framing) =>
      framing.kind === "none"
        ? { candidate: { engine, framing }, model, corrections }
        : { candidate: { engine, framing }, model: undefined, corrections: 0 },
    ),
  );
}

function finalists(field: RaceField, sample: TokenSample): readonly Contender[] {
  const starters = field.engines.map((engine, rank) => ({ ...NEW_CONTENDER, engine, rank }));
  if (sample.plainBytes <= FIRST_HEAT_BYTES) return starters;
  const hasSecond = sample.plainBytes > SECOND_HEAT_BYTES;
  const untilByte = secondHeatBytes(field);
  // A shorter heat than the first says nothing of those that were stopped in that.
  const isSifting = hasSecond && untilByte >= FIRST_HEAT_BYTES;
  const first = {
    sample,
    untilByte: FIRST_HEAT_BYTES,
    losers: isSifting ? "stop" : "go on",
  } as const;
  const ordered = run(starters, first);
  if (!hasSecond) return ordered;
  const left = isSifting ? ordered : ordered.map((one) => ({ ...one, corrections: 0 }));
  const arrived = run(left, { sample, untilByte, losers: "leave" });
  const best = arrived[0]?.corrections;
  // Those that are equal so far may part later: in bytes that hardly compress, much later.
  return arrived.filter(({ corrections }, index) => index < MOST_FINALISTS || corrections === best);
}

/** Framings differ only from the second block on, and are not tried in the heats. */
function secondHeatBytes({ framings: [framing] }: RaceField): number {
  const blockBytes = framing?.kind === "blocks" ? framing.blockBytes : SECOND_HEAT_BYTES;
  return Math.min(SECOND_HEAT_BYTES, blockBytes);
}

interface Heat {
  readonly sample: TokenSample;
  readonly untilByte: number;
  /** What those do that are far behind the best. */
  readonly losers: "go on" | "stop" | "leave";
}

/** @returns the contenders, fewest corrections first; without the losers if these leave. */
function run(contenders: readonly Contender[], { sample, untilByte, losers }: Heat): Contender[] {
  let limit = Infinity;
  let models = 0;
  const arrived: Contender[] = [];
  for (const contender of contenders) {
    if (contender.corrections > limit) continue;
    const runner = new Runner({ engine: contender.engine, framing: NO_FRAMING }, contender.model);
    if (losers !== "go on") runner.giveUpBeyond(limit);
    const isThere = sample.replayStretches(runner, untilByte);
    if (!isThere && losers === "leave") continue;
    const { corrections } = runner.predictor;
    limit = Math.min(limit, corrections * NEAR_FACTOR + NEAR_CORRECTIONS);
    const earlyCorrections = Math.max(contender.earlyCorrections, runner.earlyCorrections);
    const isKept = corrections <= limit && models < MOST_MODELS;
    if (isKept) models++;
    const model = isKept ? runner.idleModel() : undefined;
    arrived.push({ ...contender, model, corrections, earlyCorrections });
  }
  return arrived
    .filter(({ corrections }) => losers !== "leave" || corrections <= limit)
    .toSorted(byCorrections);
}

function byCorrections(one: Contender, other: Contender): number {
  return (
    one.corrections - other.corrections ||
    one.earlyCorrections - other.earlyCorrections ||
    one.rank - other.rank
  );
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
