/** Memory for the bodies of requests, shared by all of them: other threads see it, and disks take it as it is. */
import type { AllocateShared } from "../os/aligned-memory.ts";
import { BufferPool, type Lease } from "./buffer-pool.ts";

/** Writes of this size are as good as larger ones, to disks and to other threads. */
const LARGE_BYTES = 1024 * 1024;
/** 32 MiB for all bodies together. */
const MAX_LARGE = 32;
const MAX_IDLE_LARGE = 8;
/** A multiple of a page; what a slow client may hold. */
const SMALL_BYTES = 64 * 1024;
const MAX_IDLE_SMALL = 64;

export class BodyBlocks {
  readonly #large: BufferPool;
  readonly #small: BufferPool;
  /** In the order in which they came. */
  readonly #waiting = new Set<(block: Lease) => void>();

  constructor(allocate: AllocateShared) {
    const large = { sizeBytes: LARGE_BYTES, maxLent: MAX_LARGE, maxIdle: MAX_IDLE_LARGE };
    const small = { sizeBytes: SMALL_BYTES, maxLent: Infinity, maxIdle: MAX_IDLE_SMALL };
    this.#large = new BufferPool({ ...large, allocate });
    this.#small = new BufferPool({ ...small, allocate });
  }

  /** For clients that have not shown yet how fast they are, or are slow. */
  takeSmall(): Lease {
    const block = this.#small.take();
    if (block === undefined) throw new TypeError("small blocks are not counted");
    return block;
  }

  /** @returns `undefined` while all are lent: see {@link onceFree}. */
  takeLarge(): Lease | undefined {
    const block = this.#large.take();
    return block && { ...block, [Symbol.dispose]: () => this.#giveBack(block) };
  }

  /** Calls with a large block when there is one again: first come, first served. Dispose it to give up. */
  onceFree(callback: (block: Lease) => void): Disposable {
    this.#waiting.add(callback);
    return { [Symbol.dispose]: () => void this.#waiting.delete(callback) };
  }

  #giveBack(block: Lease): void {
    block[Symbol.dispose]();
    for (const callback of this.#waiting) {
      const next = this.takeLarge();
      if (next === undefined) return;
      this.#waiting.delete(callback);
      callback(next);
    }
  }
}
