import { MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import type { ChoiceRule } from "./choices/choice-rules.ts";
import type { ChoicePlaces } from "./choices/choice-trial.ts";
import type { DecodedBlock } from "./decoded-block.ts";
import type { SparsePlace } from "./sparse-column.ts";
import type { CarriedTables } from "./write/carried-tables.ts";
import type { ColumnPositions } from "./zstd-columns.ts";
import type { TarRestart } from "./zstd-restarts.ts";

/** Whether a block takes a table up again, makes a new one, or does not say. */
type Use = "again" | "new" | undefined;

/** What is known of a restart when its place is found. */
export interface FoundRestart {
  readonly restart: Omit<TarRestart, "positions" | "passed">;
  /** Right but for the columns of blocks whose records are not written. */
  readonly positions: ColumnPositions;
  readonly choices: ChoicePlaces;
}

/**
 * A restart whose record cannot be written before the stream's end.
 *
 * Most blocks bring tables of their own: only those that the blocks to come take up again are kept. The
 * records of the blocks before may have to wait. And which rules foretell choices is not known.
 */
export class RestartDraft {
  readonly #found: FoundRestart;
  /** Of the Huffman tree, then of the three tables: the first use after the restart. */
  readonly #uses: Use[] = [undefined, undefined, undefined, undefined];
  #positions: ColumnPositions;
  #passedBlocks = 0;

  constructor(found: FoundRestart) {
    this.#found = found;
    this.#positions = found.positions;
  }

  /** The records of all blocks before are written now. */
  settle({ tables, corrections }: ColumnPositions, { position, passed }: SparsePlace): void {
    this.#positions = { ...this.#positions, blocks: position, tables, corrections };
    this.#passedBlocks = passed;
  }

  /** The next block of the frame. */
  take(block: DecodedBlock): void {
    for (const [index, use] of usesOf(block).entries()) this.#uses[index] ??= use;
  }

  /**
   * @param rule the one that foretells the choices
   * @returns the restart with the tables that blocks so far have taken up again.
   */
  finished(rule: ChoiceRule): TarRestart {
    const { restart, choices } = this.#found;
    const place = choices.get(rule) ?? { position: 0, passed: 0 };
    const finished = {
      ...restart,
      positions: { ...this.#positions, choices: place.position },
      passed: { blocks: this.#passedBlocks, choices: place.passed },
    };
    const { frame } = restart;
    return frame === undefined
      ? finished
      : { ...finished, frame: { ...frame, carried: this.#needed(frame.carried) } };
  }

  #needed({ tree, tables }: CarriedTables): CarriedTables {
    const isNeeded = (index: number): boolean => this.#uses[index] === "again";
    return {
      tree: isNeeded(0) ? tree : undefined,
      tables: tables.map((table, kind) => (isNeeded(kind + 1) ? table : undefined)),
    };
  }
}

function usesOf({ literals, sequences }: DecodedBlock): readonly Use[] {
  const tables = MODE_SHIFTS.map((shift): Use => {
    if (sequences === undefined || sequences.count === 0) return undefined;
    return TABLE_MODES[(sequences.modes >> shift) & 3] === "repeat" ? "again" : "new";
  });
  return [useOfTree(literals?.type), ...tables];
}

function useOfTree(type: NonNullable<DecodedBlock["literals"]>["type"] | undefined): Use {
  if (type === "treeless") return "again";
  return type === "compressed" ? "new" : undefined;
}
