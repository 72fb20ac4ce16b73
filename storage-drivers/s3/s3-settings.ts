import type { S3Config } from "../../src/config/config.ts";

/** The section `storage.s3` of the configuration. An upload takes two parts of `chunkSizeBytes` in memory. */
export type S3Settings = Omit<S3Config, "name">;

/** What only tests change. */
export interface S3Limits {
  /** Time without a byte in either direction after which an attempt has failed. */
  readonly idleTimeoutMs?: number;
  /** Connections at the same time. */
  readonly maxSockets?: number;
}
