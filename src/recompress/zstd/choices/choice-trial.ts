import { ColumnWriter } from "../../columns.ts";
import type { DecodedBlock } from "../decoded-block.ts";
import { SparseWriter, type SparsePlace } from "../sparse-column.ts";
import { areSameChoices, choiceOf, writeChoice } from "./block-choice.ts";
import type { BlockChooser } from "./block-chooser.ts";
import type { BlockContents } from "./block-contents.ts";
import { CHOICE_RULES, type ChoiceRule } from "./choice-rules.ts";

/** Rules that have cost so much more than the best are not followed any more, and not tried for it either. */
const HOPELESS_BYTES = 1024;
const HOPELESS_FACTOR = 2;

interface Candidate {
  readonly rule: ChoiceRule;
  readonly choices: SparseWriter;
}

/** Where the column of choices stands, by rule. */
export type ChoicePlaces = ReadonlyMap<ChoiceRule, SparsePlace>;

/** What a rule made of a stream. */
export interface ChoiceResult {
  readonly rule: ChoiceRule;
  readonly column: ColumnWriter;
}

/** Holds what an encoder chose against the rules of all its versions; the cheapest wins. */
export class ChoiceTrial {
  readonly #chooser: BlockChooser;
  #candidates: readonly Candidate[] = CHOICE_RULES.map((rule) => ({
    rule,
    choices: new SparseWriter(new ColumnWriter()),
  }));

  constructor(chooser: BlockChooser) {
    this.#chooser = chooser;
  }

  /** Where each rule's column stands. */
  get places(): ChoicePlaces {
    return new Map(this.#candidates.map(({ rule, choices }) => [rule, choices.place]));
  }

  /** What the column of the best rule takes so far. */
  get sizeBytes(): number {
    return this.result.column.sizeBytes;
  }

  /** The best rule, the first of those that are equal. */
  get result(): ChoiceResult {
    const best = this.#candidates.reduce((one, other) => {
      return other.choices.column.sizeBytes < one.choices.column.sizeBytes ? other : one;
    });
    return { rule: best.rule, column: best.choices.column };
  }

  /** @param isCertain whether the contents are what a rebuild will have; if not, the choice is noted anyway */
  take(block: DecodedBlock, contents: BlockContents, isCertain: boolean): void {
    const real = choiceOf(block);
    for (const { rule, choices } of this.#candidates) {
      if (isCertain && areSameChoices(this.#chooser.choose(contents, rule), real)) choices.pass();
      else writeChoice(choices.note(), real);
    }
    this.#dropHopeless();
  }

  #dropHopeless(): void {
    const most = HOPELESS_FACTOR * this.sizeBytes + HOPELESS_BYTES;
    if (this.#candidates.every(({ choices }) => choices.column.sizeBytes <= most)) return;
    this.#candidates = this.#candidates.filter(({ choices }) => choices.column.sizeBytes <= most);
  }
}
