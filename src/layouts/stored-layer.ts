import type { Digest } from "../oci/digest.ts";

/** Where bytes lie on disk: a whole file, or a part of one. */
export interface FileRange {
  readonly path: string;
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A layer that was found on disk. */
export interface StoredLayer {
  /** The file or folder as it was named by the caller. */
  readonly file: string;
  /** The layer's digest where an image names it. */
  readonly digest: Digest | undefined;
  readonly range: FileRange;
}

/** What was named holds no layers, or holds them in a way that cannot be read. */
export class LayoutError extends Error {
  readonly kind = "LayoutError";
}
