/**
 * For whoever wants to see how far a tool has come: told how many bytes there are to go through, when that is
 * known. What it returns is told the bytes that were gone through since it was told last.
 */
export type Watch = (totalBytes: number) => (bytes: number) => void;

/** A blob that cannot be made again. */
export interface BrokenBlob {
  readonly digest: string;
  /** For people. */
  readonly reason: string;
}
