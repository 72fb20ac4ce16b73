/** The section `storage.s3` of the configuration; `S3Config` fits it. */
export interface S3Settings {
  /** Both keys or none: without them the usual places are searched (environment, profile, machine role). */
  readonly accessKey?: string | undefined;
  readonly secretKey?: { reveal(): string } | undefined;
  readonly region: string;
  /** Of a store that is not Amazon's. */
  readonly endpoint: URL | undefined;
  /** What stands in presigned URLs in place of the endpoint; they are signed for it. */
  readonly redirectEndpoint: URL | undefined;
  readonly forcePathStyle: boolean;
  readonly bucket: string;
  /** Begins every object's key, without a slash at either end; may be empty. */
  readonly rootDirectory: string;
  readonly encrypt: boolean;
  /** Key of the store's key service to encrypt with. */
  readonly keyId?: string | undefined;
  readonly secure: boolean;
  /** Accepts any certificate. */
  readonly skipVerify: boolean;
  /** Size of the parts in which uploads are sent, at least 5 MiB; an upload takes two in memory. */
  readonly chunkSizeBytes: number;
  readonly multipartCopyChunkSizeBytes: number;
  readonly multipartCopyMaxConcurrency: number;
  readonly multipartCopyThresholdBytes: number;
  readonly storageClass?: string | undefined;
  readonly objectAcl?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly useDualStack: boolean;
  readonly accelerate: boolean;
  readonly useFipsEndpoint: boolean;
}

/** What only tests change. */
export interface S3Limits {
  /** Time without a byte in either direction after which an attempt has failed. */
  readonly idleTimeoutMs?: number;
  /** Connections at the same time. */
  readonly maxSockets?: number;
}
