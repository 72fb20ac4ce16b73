import { ColumnWriter } from "../columns.ts";
import type { Framing } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import type { StretchTaker } from "./stretch-pieces.ts";
import type { TokenModel, TokenPredictor } from "./token-model.ts";

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
    return !this.hasLost;
  }

  /** Whether it has more corrections than it was told to have. */
  get hasLost(): boolean {
    return this.predictor.corrections > this.#most;
  }

  /** The member ends here. */
  end(): void {
    if (!this.#hasEnded) this.predictor.end();
    this.#hasEnded = true;
  }
}
