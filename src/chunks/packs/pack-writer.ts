import { type ChunkId, chunkIdOf } from "../chunk-id.ts";
import { encodeFrame, type FrameDelta, type FramePlan } from "./frame.ts";
import { encodeDirectory, type PlacedChunk, type PlacedFrame } from "./pack-directory.ts";

/** Before the first frame; `1` is the version. */
export const PACK_START = Buffer.from("BARGEPK1");

/** How chunks are compressed. */
export interface PackSettings {
  /** Bytes of chunks that are compressed together, before compression: more is smaller, and slower to read one chunk of. */
  readonly frameBytes: number;
  /** Of zstd: 1 to 22. */
  readonly level: number;
}

/**
 * Writes a pack: chunks in frames, and at the end what is where.
 *
 * What it writes depends on what it is given alone, and is never changed afterwards. It looks for no
 * duplicates: whoever asks the chunk index does.
 */
export class PackWriter {
  readonly #settings: PackSettings;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #frames: PlacedFrame[] = [];
  #at = 0;
  #held: Uint8Array[] = [];
  #chunks: PlacedChunk[] = [];
  #heldBytes = 0;

  /** @param onBytes is given the pack's bytes in order, to keep */
  constructor(settings: PackSettings, onBytes: (bytes: Uint8Array) => void) {
    this.#settings = settings;
    this.#onBytes = onBytes;
    this.#put(PACK_START);
  }

  /** Bytes of the pack so far. */
  get sizeBytes(): number {
    return this.#at;
  }

  /** What is in it so far: complete frames. */
  get frames(): readonly PlacedFrame[] {
    return this.#frames;
  }

  /** @param chunk copied; not empty. @returns its id */
  add(chunk: Uint8Array): ChunkId {
    const id = chunkIdOf(chunk);
    this.#held.push(chunk.slice());
    this.#chunks.push({ id, sizeBytes: chunk.length });
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= this.#settings.frameBytes) this.flush();
    return id;
  }

  /** Ends the frame at hand, if it has anything. With `delta` it leans on those chunks. */
  flush(delta?: FrameDelta): void {
    if (this.#chunks.length === 0) return;
    const chunks = this.#chunks;
    const raw = Buffer.concat(this.#held);
    this.#held = [];
    this.#chunks = [];
    this.#heldBytes = 0;
    this.#putFrame(chunks, { raw, level: this.#settings.level, delta });
  }

  /**
   * Writes chunks as a frame of their own, which leans on others.
   * @param level of zstd: 1 to 22
   */
  addDelta(
    chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[],
    { delta, level }: { readonly delta: FrameDelta; readonly level: number },
  ): void {
    this.flush();
    const raw = Buffer.concat(chunks.map(({ bytes }) => bytes));
    const placed = chunks.map(({ id, bytes }) => ({ id, sizeBytes: bytes.length }));
    this.#putFrame(placed, { raw, level, delta });
  }

  /** Nothing more comes. Call once. @returns what is in it */
  end(): readonly PlacedFrame[] {
    this.flush();
    this.#put(encodeDirectory(this.#frames, this.#at));
    return this.#frames;
  }

  #putFrame(chunks: readonly PlacedChunk[], plan: Omit<FramePlan, "sizes">): void {
    const sizes = chunks.map(({ sizeBytes }) => sizeBytes);
    const frame = encodeFrame({ ...plan, sizes });
    const depth = plan.delta?.depth ?? 0;
    this.#frames.push({ at: this.#at, sizeBytes: frame.length, depth, chunks });
    this.#put(frame);
  }

  #put(bytes: Uint8Array): void {
    this.#at += bytes.length;
    this.#onBytes(bytes);
  }
}
