import { RecipeError } from "../../recipe-error.ts";
import type { TokenRestart } from "../token-model.ts";
import type { ChainPlace } from "./chain-cursor.ts";
import { LONGEST_MATCH, WINDOW_BYTES } from "./match-length.ts";

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
  if (state.length !== 7) throw new RecipeError("a restart is not that of a hash-chain model");
  const [column = 0, foreseen = 0, dictionaryBytes = 0, bytesBefore = 0, blockRest = 0] = state;
  const [length = 0, distance = 0] = state.slice(5);
  if (dictionaryBytes > historyBytes || length > LONGEST_MATCH + 1 || distance > WINDOW_BYTES) {
    throw new RecipeError("a restart makes no sense");
  }
  const pending = { length: length - 1, distance };
  const place = { historyBytes, dictionaryBytes, bytesBefore, blockRest, pending };
  return { place, column, foreseen };
}
