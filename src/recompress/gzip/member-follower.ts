import { BlockTableWriter } from "./blocks/block-table-writer.ts";
import type { BlockColumns } from "./blocks/block-table-writer.ts";
import type { BlockHeader } from "./blocks/block-header.ts";

import { createGzipColumns } from "./gzip-columns.ts";
import type { DeflateHandler } from "./inflate/inflater.ts";
import { LessonCount } from "./lessons.ts";
import type { Runner } from "./runner.ts";
import type { TokenSample } from "./token-sample.ts";

/** For so long equals go on side by side after the sample, in plain bytes, if that teaches enough, */
const USUAL_TIE_BYTES = 16 * 1024 * 1024;
const ENOUGH_LESSONS = 4000;
/** and at most. */
const MOST_TIE_BYTES = 32 * 1024 * 1024;
/** Predictors note what they did not foresee a little late, each in its own time. */
const TIE_SLACK = 64;

/** Where the block tables of a member go. */
export interface TablePlace {
  readonly columns: BlockColumns;
  /** Writes to the columns. */
  readonly table: BlockTableWriter;
}

interface Lane {
  readonly runner: Runner;
  readonly place: TablePlace;
}

/**
 * Follows a member by the engines that may have written it, until there is one that did best.
 *
 * Several write their block tables each to a place of its own, since encoders differ in what a table
 * has to say; the winner's is copied to where it belongs in the end.
 */
export class MemberFollower implements DeflateHandler {
  readonly #home: TablePlace;
  #lanes: readonly Lane[];
  readonly #lessons = new LessonCount();
  #bytes = 0;
  #marked: readonly number[] = [];

  /**
   * @param runners at least one; they have followed the sample already
   * @param home where the winner's table belongs
   */
  constructor(runners: readonly Runner[], home: TablePlace) {
    this.#home = home;
    const isAlone = runners.length === 1;
    this.#lanes = runners.map((runner) => ({ runner, place: isAlone ? home : ownPlace() }));
    for (const { runner, place } of this.#lanes) {
      const { sizeUnit, treeRules, blockRule } = runner.model;
      const { framing } = runner.candidate;
      place.table.memberStart({ sizeUnit, treeRules, blockRule, framing });
    }
  }

  /** Of those that are left, the one that is named if the rest does not tell. */
  get favourite(): Runner | undefined {
    return this.#lanes[0]?.runner;
  }

  /** Bytes that the favourite has written and that are not yet where they belong. */
  get pendingBytes(): number {
    const lane = this.#lanes[0];
    if (lane === undefined) return 0;
    const { corrections } = lane.runner;
    if (lane.place === this.#home) return corrections.sizeBytes;
    return corrections.sizeBytes + tableBytes(lane.place);
  }

  /** Enters the sample's blocks in the tables. */
  catchUp(sample: TokenSample): void {
    for (const { place } of this.#lanes) sample.replay(place.table);
    if (this.#lanes.length > 1) this.#thin();
  }

  blockStart(header: BlockHeader): void {
    for (const { place } of this.#lanes) place.table.blockStart(header);
  }

  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    for (const { runner, place } of this.#lanes) {
      runner.take(plain, tokens);
      place.table.stretch(plain, tokens);
    }
    this.#bytes += plain.length;
    if (this.#lanes.length === 1) return;
    if (tokens !== undefined) this.#lessons.take(tokens);
    this.#thin();
  }

  blockEnd(): void {
    for (const { place } of this.#lanes) place.table.blockEnd();
  }

  /** Whether a rebuild could begin with the next block, for each who may win. */
  get isBetweenRecords(): boolean {
    return this.#lanes.every(({ place }) => place.table.isBetweenRecords);
  }

  /** A rebuild might begin here. Call only while {@link isBetweenRecords}. */
  mark(): void {
    for (const { runner, place } of this.#lanes) {
      runner.predictor.mark();
      place.table.mark();
    }
  }

  /** The winner's records of blocks before each mark. Complete after {@link end}. */
  get marked(): readonly number[] {
    return this.#marked;
  }

  /** The member ends here. @returns the winner, whose block table is where it belongs. */
  end(): Runner | undefined {
    for (const { runner } of this.#lanes) runner.end();
    const winner = best(this.#lanes);
    this.#marked = winner?.place.table.marked ?? [];
    if (winner === undefined || winner.place === this.#home) return winner?.runner;
    const { columns } = this.#home;
    columns.blocks.raw(winner.place.columns.blocks.written());
    columns.sizes.raw(winner.place.columns.sizes.written());
    columns.trees.raw(winner.place.columns.trees.written());
    return winner.runner;
  }

  get #isTieOver(): boolean {
    const isTaught = this.#lessons.count >= ENOUGH_LESSONS;
    return this.#bytes > (isTaught ? USUAL_TIE_BYTES : MOST_TIE_BYTES);
  }

  /** Equals that foresee all may differ later on; of others the cheapest goes on alone. */
  #thin(): void {
    const least = Math.min(...this.#lanes.map(({ runner }) => runner.predictor.corrections));
    const winner = this.#isTieOver || least > TIE_SLACK ? best(this.#lanes) : undefined;
    const isAhead = ({ runner }: Lane): boolean =>
      runner.predictor.corrections <= least + TIE_SLACK;
    this.#lanes = winner === undefined ? this.#lanes.filter(isAhead) : [winner];
  }
}

function ownPlace(): TablePlace {
  const columns = createGzipColumns();
  return { columns, table: new BlockTableWriter(columns) };
}

function tableBytes({ columns }: TablePlace): number {
  return columns.blocks.sizeBytes + columns.sizes.sizeBytes + columns.trees.sizeBytes;
}

/** The one that has written least, and the first of such. */
function best(lanes: readonly Lane[]): Lane | undefined {
  const [first] = lanes.toSorted((one, other) => writtenBytes(one) - writtenBytes(other));
  return first;
}

function writtenBytes({ runner, place }: Lane): number {
  return runner.corrections.sizeBytes + tableBytes(place);
}
