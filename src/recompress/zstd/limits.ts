/** No block holds more, as it stands or plain (RFC 8878 section 3.1.1.2.4). */
export const LARGEST_BLOCK_BYTES = 128 * 1024;

/** No block has more sequences, because a match has three bytes at least. */
export const MOST_SEQUENCES = Math.floor(LARGEST_BLOCK_BYTES / 3);

/** Counts of sequences from here on take three bytes (RFC 8878 section 3.1.1.3.2.1). */
export const LONG_COUNT = 0x7f00;
