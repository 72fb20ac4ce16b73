/** Those of klauspost/compress/zstd. */
export type FinderSpeed = "fastest" | "default" | "better" | "best";

/** One way of choosing sequences. */
export interface FinderModel {
  readonly speed: FinderSpeed;
  /**
   * From 0, the oldest, up: each change after which a speed makes other streams is one. In which versions
   * they stand is said where the engines are listed.
   */
  readonly revision: number;
}

export interface FinderReach {
  /** A match begins less than this many bytes behind its own first byte. */
  readonly windowSize: number;
  /** Of encoders that cut a frame into jobs and compress those side by side: bytes of a job. */
  readonly jobBytes?: number | undefined;
}
