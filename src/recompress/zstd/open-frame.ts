import type { FrameHeader } from "./decoded-block.ts";
import type { FinderRun } from "./finder-run.ts";
import { limitingWindow, predictFrameHeader } from "./frame-header.ts";
import type { FrameRecord } from "./frame-records.ts";
import type { ColumnPositions } from "./zstd-columns.ts";

/** Four bytes in the recipe are cheaper than hashing more than this again. */
const MOST_HASHED_BYTES = 1024 * 1024;

/** A frame whose end has not come. */
export class OpenFrame {
  /** In the plain stream. */
  readonly plainStart: number;
  /** Where its record will be. */
  readonly itemPositions: Pick<ColumnPositions, "items" | "bytes">;
  /** Whether no block has come. */
  isEmpty = true;
  /** A rebuild that begins within the frame cannot hash what lies before. */
  holdsRestart = false;
  readonly #header: FrameHeader;
  #isHeaderUsual = false;
  #grownWindowBytes: number | undefined;
  #plainBytes = 0;

  constructor(header: FrameHeader, plainStart: number, { items, bytes }: ColumnPositions) {
    this.#header = { ...header, bytes: header.bytes.slice() };
    this.plainStart = plainStart;
    this.itemPositions = { items, bytes };
  }

  /** The frame's first block tells how the encoder came to its header. */
  begin(
    isOnlyBlock: boolean,
    { plain, run }: { readonly plain: Uint8Array; readonly run: FinderRun },
  ): void {
    const limit = limitingWindow(this.#header, isOnlyBlock) ?? 0;
    if (limit > run.windowBytes) {
      this.#grownWindowBytes = limit;
      run.grow(limit);
    }
    const usual = predictFrameHeader({
      onlyBlockBytes: isOnlyBlock ? plain.length : undefined,
      windowBytes: run.windowBytes,
    });
    this.#isHeaderUsual = areEqual(usual, this.#header.bytes);
  }

  /** The plain bytes of its next block. */
  take(plain: Uint8Array): void {
    this.isEmpty = false;
    this.#plainBytes += plain.length;
  }

  /** @param checksum the decoder has found it right */
  record(checksum: Uint8Array | undefined): FrameRecord {
    const kind = this.#checksumKind(checksum);
    return {
      kind: "frame",
      header: this.#isHeaderUsual ? undefined : this.#header.bytes,
      grownWindowBytes: this.#grownWindowBytes,
      checksum: kind,
      checksumBytes: kind === "stored" ? checksum : undefined,
    };
  }

  #checksumKind(checksum: Uint8Array | undefined): FrameRecord["checksum"] {
    if (checksum === undefined) return "none";
    return this.holdsRestart || this.#plainBytes > MOST_HASHED_BYTES ? "stored" : "computed";
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
