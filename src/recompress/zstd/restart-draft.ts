import { MODE_SHIFTS, TABLE_MODES } from "./carried-records.ts";
import type { DecodedBlock } from "./decoded-block.ts";
import type { TarRestart } from "./zstd-restarts.ts";

/** Whether a block takes a table up again, makes a new one, or does not say. */
type Use = "again" | "new" | undefined;

/**
 * A restart in the midst of a frame whose tables may turn out not to be needed.
 *
 * Most blocks bring tables of their own. Only those that the blocks to come take up again are kept.
 */
export class RestartDraft {
  readonly #record: TarRestart;
  /** Of the Huffman tree, then of the three tables: the first use after the restart. */
  readonly #uses: Use[] = [undefined, undefined, undefined, undefined];

  constructor(record: TarRestart) {
    this.#record = record;
  }

  /** The next block of the frame. */
  take(block: DecodedBlock): void {
    for (const [index, use] of usesOf(block).entries()) this.#uses[index] ??= use;
  }

  /** @returns the restart with the tables that blocks so far have taken up again. */
  finished(): TarRestart {
    const { frame } = this.#record;
    if (frame === undefined) return this.#record;
    const isNeeded = (index: number): boolean => this.#uses[index] === "again";
    const { tree, tables } = frame.carried;
    const carried = {
      tree: isNeeded(0) ? tree : undefined,
      tables: tables.map((table, kind) => (isNeeded(kind + 1) ? table : undefined)),
    };
    return { ...this.#record, frame: { ...frame, carried } };
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
