/**
 * Gives memory back at once.
 *
 * The garbage collector frees large arrays in its own time, and lets tens of megabytes of them pile up.
 *
 * @param bytes with an `ArrayBuffer` that nobody else has; empty from now on, as are all views of it
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
