import { crc32 } from "node:zlib";
import type { BlockHeader } from "./blocks/block-header.ts";
import { BlockTableWriter } from "./blocks/block-table-writer.ts";
import { likeliestFirst } from "./engine-order.ts";
import type { RaceCourse } from "./engine-race.ts";
import { race, runAgain } from "./engine-race.ts";
import type { Runner } from "./runner.ts";
import { FramingGuess } from "./framing-guess.ts";
import type { GzipColumnWriters } from "./gzip-columns.ts";
import { gzipColumnsSizeBytes } from "./gzip-columns.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { DeflateHandler } from "./inflate/inflater.ts";
import { Inflater } from "./inflate/inflater.ts";
import { MemberFollower } from "./member-follower.ts";
import { UnsupportedStream } from "../stream-errors.ts";
import { isRestartDue } from "./restart-spacing.ts";
import type { GzipRestartSpacing } from "./restart-spacing.ts";
import { TokenSample } from "./token-sample.ts";
import type { SampleSizes } from "./token-sample.ts";
import { UnknownEncoder } from "./gzip-errors.ts";

/** Columns may always be this large, beyond it a share of the stream, and never larger than memory allows. */
const ALWAYS_ALLOWED_BYTES = 64 * 1024;
const ALLOWED_SHARE = 0.25;
const MOST_COLUMN_BYTES = 16 * 1024 * 1024;
/** Members in vain: from then on the engine of the member before is good enough. */
const MOST_FRUITLESS_RACES = 8;

/** Where a rebuild of a member might begin: a block's start. */
export interface MemberMark extends MemberPlace {
  /** Blocks of the member before it, as the recipe tells them. */
  readonly block: number;
}

interface MemberPlace {
  /** Plain bytes of the member before it. */
  readonly byte: number;
  /** Bits of the deflate stream before it. */
  readonly bit: number;
  /** CRC-32 of the plain bytes before it. */
  readonly crc: number;
}

const MEMBER_START: MemberPlace = { byte: 0, bit: 0, crc: 0 };

/** What there is to know of a member at its end. */
export interface AnalysedMember {
  readonly runner: Runner;
  /** Whether all its blocks are stored, so that its encoder does not show. */
  readonly isStored: boolean;
  readonly plainBytes: number;
  /** CRC-32 of the plain bytes. */
  readonly crc: number;
  /** One for each of the predictor's restarts. */
  readonly marks: readonly MemberMark[];
}

/** What members have in common. */
export interface MemberOptions {
  readonly engines: readonly GzipEngine[];
  readonly columns: GzipColumnWriters;
  readonly onPlain: (plain: Uint8Array) => void;
  readonly restartSpacing: GzipRestartSpacing;
  readonly sampleSizes: SampleSizes;
}

/**
 * Reads the deflate streams of gzip members, one after the other: keeps the beginning of each to find
 * its encoder, and then follows it.
 */
export class MemberAnalyser implements DeflateHandler {
  readonly #options: MemberOptions;
  readonly #inflater: Inflater = new Inflater(this);
  readonly #sample: TokenSample;
  readonly #framing = new FramingGuess();
  readonly #table: BlockTableWriter;
  #header = new Uint8Array(0);
  #streamStart = 0;
  #follower: MemberFollower | undefined;
  #lastRunner: Runner | undefined;
  #fruitlessRaces = 0;
  #hasTokens = false;
  #plainBytes = 0;
  #crc = 0;
  #marks: MemberPlace[] = [];
  #lastMark = MEMBER_START;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#sample = new TokenSample(options.sampleSizes);
    this.#table = new BlockTableWriter(options.columns);
  }

  /** Whether the member's final block has ended. */
  get isDone(): boolean {
    return this.#inflater.isDone;
  }

  /**
   * Begins the next member.
   *
   * @param header of the member
   * @param streamStart bytes of the whole stream up to the header's end
   */
  begin(header: Uint8Array, streamStart: number): void {
    this.#header = new Uint8Array(header);
    this.#streamStart = streamStart;
    this.#inflater.reset();
    this.#sample.clear();
    this.#framing.clear();
    this.#follower = undefined;
    this.#hasTokens = false;
    this.#plainBytes = 0;
    this.#crc = 0;
    this.#marks = [];
    this.#lastMark = MEMBER_START;
  }

  /**
   * @returns how many of the bytes belong to the member.
   * @throws {BrokenStream} when it is no deflate stream.
   * @throws {UnsupportedStream} for what no recipe can say.
   * @throws {UnknownEncoder} when no engine foresees enough.
   */
  write(bytes: Uint8Array): number {
    return this.#inflater.write(bytes);
  }

  /** The member is done. Call once. @throws as {@link write}. */
  end(): AnalysedMember {
    if (this.#inflater.padding !== 0) {
      throw new UnsupportedStream("the bits that fill the last byte are not zero");
    }
    const follower = this.#follower ?? this.#follow(true);
    const runner = follower.end();
    if (runner === undefined) throw new UnknownEncoder();
    this.#lastRunner = runner;
    const marks = this.#marks.map((mark, index) => ({
      ...mark,
      block: follower.marked[index] ?? 0,
    }));
    const isStored = !this.#hasTokens && this.#plainBytes > 0;
    return { runner, isStored, plainBytes: this.#plainBytes, crc: this.#crc, marks };
  }

  blockStart(header: BlockHeader): void {
    if (this.#follower === undefined) {
      this.#sample.blockStart(header);
      this.#framing.blockStart(header);
    } else {
      if (this.#isMark(this.#follower)) this.#mark(this.#follower);
      this.#follower.blockStart(header);
    }
  }

  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    this.#options.onPlain(plain);
    this.#plainBytes += plain.length;
    if (tokens !== undefined) this.#hasTokens = true;
    this.#crc = crc32(plain, this.#crc);
    if (this.#follower !== undefined) {
      this.#follower.stretch(plain, tokens);
      this.#checkSize(this.#follower);
      return;
    }
    this.#sample.stretch(plain, tokens);
    this.#framing.stretch(plain);
    if (this.#sample.isFull) this.#follower = this.#follow(false);
  }

  blockEnd(): void {
    if (this.#follower !== undefined) {
      this.#follower.blockEnd();
      this.#checkSize(this.#follower);
      return;
    }
    this.#sample.blockEnd();
    this.#framing.blockEnd();
    if (this.#sample.isFull) this.#follower = this.#follow(false);
  }

  #follow(isWhole: boolean): MemberFollower {
    const runners = this.#findRunners({ sample: this.#sample, isWhole });
    const { columns } = this.#options;
    const follower = new MemberFollower(runners, { columns, table: this.#table });
    follower.catchUp(this.#sample);
    this.#checkSize(follower);
    return follower;
  }

  #findRunners(course: RaceCourse): readonly Runner[] {
    const last = this.#lastRunner;
    const again = last === undefined ? undefined : runAgain(last, course);
    const corrections = again?.predictor.corrections;
    if (again && (corrections === 0 || this.#fruitlessRaces >= MOST_FRUITLESS_RACES)) {
      return [again];
    }
    const engines = likeliestFirst(this.#options.engines, this.#header);
    const runners = race({ engines, framings: this.#framing.framings() }, course);
    if (runners[0]?.predictor.corrections === corrections) this.#fruitlessRaces++;
    return runners;
  }

  #isMark(follower: MemberFollower): boolean {
    const { byte, bit } = this.#lastMark;
    const streamBytes = (this.#inflater.blockBitPosition - bit) / 8;
    const distance = { plainBytes: this.#plainBytes - byte, streamBytes };
    if (!isRestartDue(distance, this.#options.restartSpacing)) return false;
    if (!follower.isBetweenRecords) return false;
    const framing = follower.favourite?.candidate.framing;
    // Each of the framing's blocks is begun afresh, which makes its start the cheapest place.
    return framing?.kind !== "blocks" || this.#plainBytes % framing.blockBytes === 0;
  }

  #mark(follower: MemberFollower): void {
    follower.mark();
    this.#lastMark = {
      byte: this.#plainBytes,
      bit: this.#inflater.blockBitPosition,
      crc: this.#crc,
    };
    this.#marks.push(this.#lastMark);
  }

  #checkSize(follower: MemberFollower): void {
    const size = gzipColumnsSizeBytes(this.#options.columns) + follower.pendingBytes;
    const streamBytes = this.#streamStart + this.#inflater.bitPosition / 8;
    const allowed = ALWAYS_ALLOWED_BYTES + ALLOWED_SHARE * streamBytes;
    if (size <= Math.min(allowed, MOST_COLUMN_BYTES)) return;
    throw new UnknownEncoder();
  }
}
