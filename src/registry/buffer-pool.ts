/** Memory for bytes between a file and a socket, either way, used again and again. */

export interface Lease extends Disposable {
  readonly bytes: Uint8Array;
  /** Lets others have the memory from the disposal on. Without it, it is dropped: somebody may still look at it. */
  readonly reuse: () => void;
}

export interface BufferPoolOptions {
  readonly sizeBytes: number;
  /** How many may be lent at the same time. */
  readonly maxLent: number;
  /** How many wait to be lent again, at most. */
  readonly maxIdle: number;
  /** Default: memory of this thread alone, not zeroed. */
  readonly allocate?: (sizeBytes: number) => Uint8Array;
}

export class BufferPool {
  readonly #options: BufferPoolOptions;
  readonly #idle: Uint8Array[] = [];
  #lent = 0;

  constructor(options: BufferPoolOptions) {
    this.#options = options;
  }

  /** @returns `undefined` when all are lent. */
  take(): Lease | undefined {
    const { sizeBytes, maxLent, maxIdle, allocate = allocateUnzeroed } = this.#options;
    if (this.#lent >= maxLent) return undefined;
    this.#lent += 1;
    const bytes = this.#idle.pop() ?? allocate(sizeBytes);
    let isReusable = false;
    return {
      bytes,
      reuse: () => {
        isReusable = true;
      },
      [Symbol.dispose]: () => {
        this.#lent -= 1;
        if (isReusable && this.#idle.length < maxIdle) this.#idle.push(bytes);
      },
    };
  }
}

function allocateUnzeroed(sizeBytes: number): Uint8Array {
  return Buffer.allocUnsafeSlow(sizeBytes);
}
