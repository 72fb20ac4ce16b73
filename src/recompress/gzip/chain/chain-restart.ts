import { RecipeError } from "../../recipe-error.ts";
import type { TokenRestart } from "../token-model.ts";
import type { ChainPlace } from "./chain-cursor.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

/** See {@link toTokenRestart}. */
const STATE_NUMBERS = 7;

/** A place together with where its corrections are. */
export interface ChainRestart {
  readonly place: ChainPlace;
  /** Where the next correction begins in the column. */
  readonly column: number;
  /** Tokens foreseen since the last correction. */
  readonly foreseen: number;
}

/** @returns the restart as numbers. */
export function toTokenRestart({ place, column, foreseen }: ChainRestart): TokenRestart {
  const { historyBytes, dictionaryBytes, bytesBefore, blockRest, pending } = place;
  return {
    historyBytes,
    state: [
      column,
      foreseen,
      dictionaryBytes,
      bytesBefore,
      blockRest,
      pending.length + 1,
      pending.distance,
    ],
  };
}

/** @throws {RecipeError} when the numbers are not those of a restart. */
export function fromTokenRestart({ historyBytes, state }: TokenRestart): ChainRestart {
  const numbers = new Float64Array(STATE_NUMBERS);
  if (state.length !== numbers.length) {
    throw new RecipeError("a restart is not that of a hash-chain model");
  }
  numbers.set(state);
  const at = (index: number): number => numbers[index] ?? 0;
  const pending = { length: at(5) - 1, distance: at(6) };
  const isSane =
    at(2) <= historyBytes && pending.length <= LONGEST_MATCH && pending.distance <= WINDOW_BYTES;
  if (!isSane) throw new RecipeError("a restart of a hash-chain model makes no sense");
  const place = {
    historyBytes,
    dictionaryBytes: at(2),
    bytesBefore: at(3),
    blockRest: at(4),
    pending,
  };
  return { place, column: at(0), foreseen: at(1) };
}
