import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { FrameDelta } from "../../chunks/packs/frame.ts";
import { PackWriter } from "../../chunks/packs/pack-writer.ts";
import type { StoreHost } from "./store-host.ts";

const MEBIBYTE = 1024 * 1024;
/**
 * Frames of 1 MiB would take 8 % more, and one a chunk half as much again; those of 16 MiB save another 2 %, and
 * whoever wants one chunk unpacks all of its frame. Above level 10 little is won.
 */
const PACK_SETTINGS = { frameBytes: 8 * MEBIBYTE, level: 10 } as const;
/** Below it zstd looks no further than the tables of the level reach, above it takes ten times as long. */
const DELTA_LEVEL = 12;
/** A pack that has so much is ended: one that is lost, or written anew, is not too much to lose. */
const FULL_PACK_BYTES = 128 * MEBIBYTE;

/** Writes chunks to packs, one after the other, each begun when there is something for it. */
export class PackOutput {
  readonly #host: Pick<StoreHost, "put" | "cut">;
  #writer: PackWriter | undefined;
  #endedBytes = 0;

  constructor(host: Pick<StoreHost, "put" | "cut">) {
    this.#host = host;
  }

  /** Of all packs so far. */
  get sizeBytes(): number {
    return this.#endedBytes + (this.#writer?.sizeBytes ?? 0);
  }

  /** @param chunk copied */
  add(chunk: Uint8Array): void {
    const writer = this.#begun();
    writer.add(chunk);
    if (writer.sizeBytes >= FULL_PACK_BYTES) this.end();
  }

  /** Chunks that are compressed together, leaning on others. */
  addDelta(
    chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[],
    delta: FrameDelta,
  ): void {
    const writer = this.#begun();
    writer.addDelta(chunks, { delta, level: DELTA_LEVEL });
    if (writer.sizeBytes >= FULL_PACK_BYTES) this.end();
  }

  /** Ends the pack at hand, if there is one. */
  end(): void {
    if (this.#writer === undefined) return;
    this.#writer.end();
    this.#endedBytes += this.#writer.sizeBytes;
    this.#writer = undefined;
    this.#host.cut();
  }

  #begun(): PackWriter {
    this.#writer ??= new PackWriter(PACK_SETTINGS, (bytes) => this.#host.put(bytes));
    return this.#writer;
  }
}
