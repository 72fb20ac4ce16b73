/** A deflate match is at most this long (RFC 1951 section 3.2.5). */
export const LONGEST_MATCH = 258;

/** Deflate looks back at most this far (RFC 1951 section 2). */
export const WINDOW_BYTES = 32768;

/**
 * Compares the strings at two positions, four bytes at a time.
 *
 * @returns how many bytes are alike: up to 260, whatever follows the bytes that count. The caller cuts it.
 */
export function alikeBytes(view: DataView, earlier: number, later: number): number {
  for (let length = 0; length < 260; length += 4) {
    const difference = view.getInt32(earlier + length, true) ^ view.getInt32(later + length, true);
    if (difference !== 0) return length + ((31 - Math.clz32(difference & -difference)) >>> 3);
  }
  return 260;
}
