import { WINDOW_BYTES } from "./match-length.ts";

/** zlib, GNU gzip and Go have 64 KiB of their input in memory. */
export const MEMORY_BYTES = 2 * WINDOW_BYTES;

/**
 * How much of its input an encoder has in memory that is `bytesBefore` in: once it has come farther than
 * `last` in its memory, it drops the older half.
 *
 * @param bytesBefore up to 2^53
 * @returns the bytes in memory when it drops late: up to half a memory more than `last`. Whether it has
 * dropped that half already depends on what follows.
 */
export function bytesInMemory(bytesBefore: number, last: number): number {
  const most = last + WINDOW_BYTES;
  if (bytesBefore <= most) return bytesBefore;
  return last + 1 + ((bytesBefore - most - 1) % WINDOW_BYTES);
}
