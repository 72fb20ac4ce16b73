import { RecipeError } from "../../recipe-error.ts";
import { QUEUE_MEMORY_BYTES } from "./plain-queue.ts";
import type { PlainQueue } from "./plain-queue.ts";

/** The cut depends on the sum of so many bytes, and is due where so much divides it. */
const SUMMED_BYTES = QUEUE_MEMORY_BYTES;
const DIVISOR = 4096;

/**
 * Where `gzip --rsyncable` wants to end a block, so that a change of the input changes only the blocks
 * near it. Found by experiment.
 *
 * It sums up the last 4096 plain bytes. A cut is due at a byte when 4096 divides the sum that ends with it;
 * nothing is due at the member's first 4096 bytes. The block then ends with the token that the byte
 * belongs to, and what came due within that token besides is forgotten.
 */
export class ContentCuts {
  readonly #queue: PlainQueue;
  /** The next byte to look at. */
  #at = 0;
  #sum = 0;
  #place: number | undefined;

  /** @param queue whose positions count from the member's start; it is only looked at */
  constructor(queue: PlainQueue) {
    this.#queue = queue;
  }

  /**
   * A block begins at the queue's position.
   *
   * @throws {RecipeError} when the bytes before are not known, after a restart with too little history.
   */
  begin(): void {
    const { position } = this.#queue;
    const from = Math.max(position - SUMMED_BYTES, 0);
    const bytes = this.#queue.from(from);
    if (bytes === undefined)
      throw new RecipeError("a restart knows too little of what came before");
    let sum = 0;
    for (let index = 0; index < position - from; index++) sum += bytes[index] ?? 0;
    this.#sum = sum;
    this.#at = position;
    this.#place = undefined;
  }

  /**
   * Looks through the bytes that have come since. Call before 4096 of them have left the queue.
   *
   * @returns the block's first byte at which a cut is due, if there is one in the queue yet.
   */
  search(): number | undefined {
    if (this.#place !== undefined) return this.#place;
    if (this.#at < SUMMED_BYTES) this.#sumUp();
    const ahead = this.#queue.endPosition - this.#at;
    const bytes = ahead > 0 ? this.#queue.from(this.#at - SUMMED_BYTES) : undefined;
    if (bytes === undefined) return undefined;
    const end = SUMMED_BYTES + ahead;
    let sum = this.#sum;
    let index = SUMMED_BYTES;
    while (index < end) {
      sum += (bytes[index] ?? 0) - (bytes[index - SUMMED_BYTES] ?? 0);
      if (sum % DIVISOR === 0) break;
      index++;
    }
    this.#sum = sum;
    this.#at += index - SUMMED_BYTES;
    if (index < end) this.#place = this.#at;
    return this.#place;
  }

  /** Takes the bytes at which nothing can be due. */
  #sumUp(): void {
    const bytes = this.#queue.from(this.#at);
    const size = Math.min(SUMMED_BYTES - this.#at, bytes?.length ?? 0);
    for (let index = 0; index < size; index++) this.#sum += bytes?.[index] ?? 0;
    this.#at += size;
  }
}
