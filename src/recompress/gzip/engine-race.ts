import { isKin, isUsual } from "./engine-order.ts";
import type { Framing } from "./framing.ts";
import { NO_FRAMING } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { TokenModel } from "./token-model.ts";
import { Runner } from "./runner.ts";
import type { Candidate } from "./runner.ts";
import { SEGMENT_BYTES } from "./segment/segment-engine.ts";
import type { SampleRange } from "./stretch-pieces.ts";
import type { TokenSample } from "./token-sample.ts";
import { WHOLE_SAMPLE } from "./token-sample.ts";

/** Equals that go on side by side. Each has an encoder's tables. */
const MOST_TIES = 6;

/** Some engines choose by segments, and show what they did not foresee only then. */
const HEAT_SEGMENTS = 3;
/** Who foresees all of a heat that teaches so much leaves nothing to win for those who are no kin. */
const ENOUGH_LESSONS = 2000;
const MOST_FINALISTS = 4;
/** As many models are kept from the heat at most: each has an encoder's window and tables. */
const MOST_MODELS = 8;
/** Who has this many times the best one's corrections, and some more, may still win in the end. */
const NEAR_FACTOR = 1.25;
const NEAR_CORRECTIONS = 16;
/** Who has more than this many times the best one's corrections has lost. */
const TIE_FACTOR = 1.1;

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
 * Finds who foresees the sample best: in a heat who comes into question at all, and of those the ones with
 * the fewest corrections in the whole of it.
 *
 * @returns those that are as good as equal, likeliest first; they have taken the whole sample.
 */
export function race(field: RaceField, course: RaceCourse): readonly Runner[] {
  const { engines, framings } = field;
  const starters = engines.map((engine) => ({ engine, model: undefined, corrections: 0 }));
  const heat = heatOf(framings[0] ?? NO_FRAMING, course);
  const isTelling = course.sample.lessonsIn(heat) >= ENOUGH_LESSONS;
  if (!isTelling && isWholeRace(heat, field, course)) return runAll(starters, framings, course);
  const winners = isTelling ? sureWinners(starters, heat, { field, course }) : [];
  if (winners.length > 0) return winners;
  const arrived = run(starters, course.sample, heat);
  const most = Math.max(MOST_FINALISTS, equalsOf(arrived).length);
  return runAll(arrived.slice(0, most), framings, course);
}

/** @returns those that foresee the whole sample; none if those do not who foresee the heat. */
function sureWinners(
  starters: readonly Contender[],
  heat: Heat,
  { field, course }: { readonly field: RaceField; readonly course: RaceCourse },
): readonly Runner[] {
  const arrived = run(starters, course.sample, { ...heat, isForKin: true });
  if (arrived[0]?.corrections !== 0) return [];
  const winners = runAll(equalsOf(arrived), field.framings, course);
  return winners.filter(({ predictor }) => predictor.corrections === 0);
}

/** Those that are equal so far may part later: in bytes that hardly compress, much later. */
function equalsOf(arrived: readonly Contender[]): readonly Contender[] {
  return arrived.filter(({ corrections }) => corrections === arrived[0]?.corrections);
}

/** @returns one that takes the whole sample as `last` took what came before. */
export function runAgain(last: Runner, { sample, isWhole }: RaceCourse): Runner {
  const runner = new Runner(last.candidate, last.model);
  sample.replayStretches(runner, WHOLE_SAMPLE);
  if (isWhole) runner.end();
  return runner;
}

/** An engine in the heat, which is without framing. */
interface Contender {
  readonly engine: GzipEngine;
  /** Has tables that can be used again; not kept of those that fell behind. */
  readonly model: TokenModel | undefined;
  readonly corrections: number;
}

interface Heat extends SampleRange {
  /** Whether something ends where the heat does: the member, or a block of the framing. */
  readonly isEnd: boolean;
  /** Whether all but the kin of the first who foresees all stay away. */
  readonly isForKin?: boolean;
}

/**
 * A heat is about the place where the sample begins to teach, and a little before. Every encoder makes the
 * same of what lies before that, so it does no harm that the engines do not know it, as long as they cut
 * their segments where the encoder cut them. Framings differ only from the second block on, so a heat has
 * one block at most.
 */
function heatOf(framing: Framing, { sample, isWhole }: RaceCourse): Heat {
  const { lessonsFrom } = sample;
  const blockBytes = framing.kind === "blocks" ? framing.blockBytes : Infinity;
  const block = framing.kind === "blocks" ? blockWith(lessonsFrom, blockBytes, sample) : 0;
  const segments = Math.floor(Math.max(0, lessonsFrom - block) / SEGMENT_BYTES);
  const from = block + Math.max(0, segments - 1) * SEGMENT_BYTES;
  const blockEnd = block + blockBytes;
  const until = Math.min(from + HEAT_SEGMENTS * SEGMENT_BYTES, blockEnd);
  return { from, until, isEnd: until === blockEnd || (isWhole && until >= sample.plainBytes) };
}

/** @returns where the block of the framing begins, or the next if that has more to teach. */
function blockWith(byte: number, blockBytes: number, { plainBytes }: TokenSample): number {
  const start = byte - (byte % blockBytes);
  const next = start + blockBytes;
  const isLate = next - byte < SEGMENT_BYTES && byte > start;
  return isLate && next + SEGMENT_BYTES <= plainBytes ? next : start;
}

/** Whether the heat would be the race itself. */
function isWholeRace(
  { from, until }: Heat,
  { framings }: RaceField,
  { sample }: RaceCourse,
): boolean {
  return framings.length <= 1 && from === 0 && until >= sample.plainBytes;
}

/** @returns the contenders that came near the best, fewest corrections first. */
function run(contenders: readonly Contender[], sample: TokenSample, heat: Heat): Contender[] {
  let limit = Infinity;
  let models = 0;
  const arrived: Contender[] = [];
  let first: GzipEngine | undefined;
  for (const { engine } of contenders) {
    if (first && !isKin(engine, first)) continue;
    const runner = new Runner({ engine, framing: NO_FRAMING });
    runner.giveUpBeyond(limit);
    if (!arrives(runner, sample, heat)) continue;
    const { corrections } = runner.predictor;
    limit = Math.min(limit, corrections * NEAR_FACTOR + NEAR_CORRECTIONS);
    if (heat.isForKin === true && corrections === 0) first ??= engine;
    const isKept = models++ < MOST_MODELS;
    // Its tables are free again once it has ended.
    if (isKept) runner.end();
    arrived.push({ engine, model: isKept ? runner.model : undefined, corrections });
  }
  return arrived
    .filter(({ corrections }) => corrections <= limit)
    .toSorted((one, other) => one.corrections - other.corrections);
}

function arrives(runner: Runner, sample: TokenSample, heat: Heat): boolean {
  if (!sample.replayStretches(runner, heat)) return false;
  if (heat.isEnd) runner.end();
  return !runner.hasLost;
}

/**
 * Lets the candidates take the whole sample, one after the other; who falls behind drops out there.
 *
 * @returns those with the fewest corrections and those near them, fewest first, then in their order.
 */
function runAll(
  contenders: readonly Contender[],
  framings: readonly Framing[],
  { sample, isWhole }: RaceCourse,
): readonly Runner[] {
  let limit = Infinity;
  const arrived: Runner[] = [];
  for (const { candidate, model } of candidates(contenders, framings)) {
    // Those that foresee all cannot be beaten any more.
    if (limit === 0 && arrivedBy(arrived, 0) >= MOST_TIES) break;
    const runner = new Runner(candidate, model);
    runner.giveUpBeyond(limit);
    if (!sample.replayStretches(runner, WHOLE_SAMPLE)) continue;
    if (isWhole) runner.end();
    arrived.push(runner);
    // Where nobody foresees all, a few more corrections may go with shorter block tables.
    limit = Math.min(limit, Math.floor(runner.predictor.corrections * TIE_FACTOR));
  }
  return arrived
    .filter(({ predictor }) => predictor.corrections <= limit)
    .toSorted((one, other) => one.predictor.corrections - other.predictor.corrections)
    .slice(0, MOST_TIES);
}

function arrivedBy(runners: readonly Runner[], most: number): number {
  return runners.filter(({ predictor }) => predictor.corrections <= most).length;
}

interface Entry {
  readonly candidate: Candidate;
  readonly model: TokenModel | undefined;
}

/** @returns each contender with each framing: first those of which a program is known. */
function candidates(
  contenders: readonly Contender[],
  framings: readonly Framing[],
): readonly Entry[] {
  const all = contenders.flatMap(({ engine, model }) =>
    framings.map((framing) => ({
      candidate: { engine, framing },
      model: framing.kind === "none" ? model : undefined,
    })),
  );
  const likely = all.filter(({ candidate }) => isLikely(candidate, framings));
  const others = all.filter(({ candidate }) => !isLikely(candidate, framings));
  return [...likely, ...others.filter(({ candidate }) => !isZlibAgain(candidate))];
}

function isLikely({ engine, framing }: Candidate, framings: readonly Framing[]): boolean {
  return framing.kind === framings[0]?.kind && isUsual(engine, framing);
}

/** GNU gzip has no framing, and then differs from zlib in nothing. */
function isZlibAgain({ engine, framing }: Candidate): boolean {
  return engine.family === "gnu" && framing.kind === "blocks";
}
