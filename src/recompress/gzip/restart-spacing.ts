/** Rebuilding this much takes a fraction of a second, so nearer restarts would help nobody. */
const LEAST_PLAIN_BYTES = 8 * 1024 * 1024;
/** A restart takes some twenty bytes of the recipe: five a MiB of the stream, and no more. */
const LEAST_STREAM_BYTES = 4 * 1024 * 1024;

/** Whether a restart is worth its bytes, so far from the one before: both in bytes. */
export function isRestartDue(plainBytes: number, streamBytes: number): boolean {
  return plainBytes >= LEAST_PLAIN_BYTES && streamBytes >= LEAST_STREAM_BYTES;
}
