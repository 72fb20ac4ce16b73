import type { StreamFormat } from "./recipe.ts";

/** What a stream's format shows in, from its start. */
export const FORMAT_SHOWS_IN_BYTES = 4;
const ZSTD_MAGIC = 0xfd2fb528;
/** Of skippable frames, which differ in the lowest four bits. */
const SKIPPABLE_MAGIC = 0x184d2a5;

/**
 * RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2.
 *
 * @param head the first {@link FORMAT_SHOWS_IN_BYTES} of a stream
 * @returns `undefined` for what is neither
 */
export function formatOf(head: Uint8Array): StreamFormat | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  const magic = new DataView(head.buffer, head.byteOffset, head.length).getUint32(0, true);
  return magic === ZSTD_MAGIC || magic >>> 4 === SKIPPABLE_MAGIC ? "zstd" : undefined;
}
