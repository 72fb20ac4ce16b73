import type { Digest } from "../oci/digest.ts";

/** Where bytes lie on disk: a whole file, or a part of one. */
export interface FileRange {
  readonly path: string;
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** An image that has a layer, as far as the place where it was found names it. */
export interface ImageName {
  /** As the place has it: `1.2`, or with the repository before it. */
  readonly tag: string | undefined;
  /** `linux/amd64`; only where an index tells it. */
  readonly platform: string | undefined;
}

/** A layer that was found on disk. */
export interface StoredLayer {
  /** The file or folder as it was named by the caller. */
  readonly file: string;
  /** Whether the file is the layer, and not an image that has it. */
  readonly isWhole: boolean;
  /** The layer's digest where an image names it; nothing says that its bytes have it. */
  readonly digest: Digest | undefined;
  /** What an image says that its bytes are, where it says so. */
  readonly mediaType: string | undefined;
  /** All that have it; none of a layer that is a file. */
  readonly images: readonly ImageName[];
  readonly range: FileRange;
}

/** What was named holds no layers, or holds them in a way that cannot be read. */
export class LayoutError extends Error {
  readonly kind = "LayoutError";
}

/** There is no file or folder of the name. */
export class NothingThere extends Error {
  readonly kind = "NotFound";
}

const MOST_SHOWN = 200;

/** A name out of an archive or a manifest, for a message: it cannot steer a terminal, and is not endless. */
export function shownName(name: string): string {
  const cut = name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name;
  return `"${cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?")}"`;
}
