import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { RecipeError } from "../../recipe-error.ts";

/** Documents beyond this are kept as they are: a delta needs all of one in memory. */
export const LARGEST_DOCUMENT_BYTES = 64 * 1024 * 1024;

const LEVEL = 19;
const LEAST_WINDOW_LOG = 17;
/** What zstd lets a decoder ask for without being told more; 128 MiB covers a document and its guess. */
const LARGEST_WINDOW_LOG = 27;

/** @returns what makes the document out of a guess of it. Both at most {@link LARGEST_DOCUMENT_BYTES}. */
export function documentDelta(document: Uint8Array, guess: Uint8Array): Uint8Array {
  const span = document.length + guess.length;
  const windowLog = Math.ceil(Math.log2(Math.max(span, 1)));
  return zstdCompressSync(document, {
    dictionary: guess,
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_windowLog]: Math.min(
        LARGEST_WINDOW_LOG,
        Math.max(LEAST_WINDOW_LOG, windowLog),
      ),
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    },
  });
}

/** @returns the document. @throws {RecipeError} when the delta is damaged or not for this guess. */
export function documentOf(delta: Uint8Array, guess: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(delta, {
      dictionary: guess,
      maxOutputLength: LARGEST_DOCUMENT_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW_LOG },
    });
  } catch (cause) {
    throw new RecipeError("a document of the stream cannot be made again", { cause });
  }
}
