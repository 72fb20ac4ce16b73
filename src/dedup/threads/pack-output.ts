import { PackWriter } from "../../chunks/packs/pack-writer.ts";
import type { StoreHost } from "./store-host.ts";

const MEBIBYTE = 1024 * 1024;
/** One frame a chunk would take 22 to 44 % more, and 9 is the level above which little is won. */
const PACK_SETTINGS = { frameBytes: MEBIBYTE, level: 9 } as const;
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
    this.#writer ??= new PackWriter(PACK_SETTINGS, (bytes) => this.#host.put(bytes));
    this.#writer.add(chunk);
    if (this.#writer.sizeBytes >= FULL_PACK_BYTES) this.end();
  }

  /** Ends the pack at hand, if there is one. */
  end(): void {
    if (this.#writer === undefined) return;
    this.#writer.end();
    this.#endedBytes += this.#writer.sizeBytes;
    this.#writer = undefined;
    this.#host.cut();
  }
}
