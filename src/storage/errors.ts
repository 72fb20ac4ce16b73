/** What a storage driver throws; nothing else may leave one. A driver's own error travels as `cause`. */
export type StorageError =
  | ObjectNotFound
  | ObjectExists
  | InvalidKey
  | StagedOutOfOrder
  | StorageUnavailable;

/** There is no such object, or no such staged object. */
export class ObjectNotFound extends Error {
  readonly kind = "ObjectNotFound";
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`no object ${key}`, options);
    this.key = key;
  }
}

/** Something lies where an object was to be stored only if there is none. */
export class ObjectExists extends Error {
  readonly kind = "ObjectExists";
  readonly key: string;
  constructor(key: string, options?: ErrorOptions) {
    super(`there is an object ${key} already`, options);
    this.key = key;
  }
}

/** The key is outside the grammar of {@link isStorageKey}. A bug of the caller: keys come from `content/layout.ts`. */
export class InvalidKey extends Error {
  readonly kind = "InvalidKey";
  readonly key: string;
  constructor(key: string) {
    super(`not a storage key: ${JSON.stringify(key.slice(0, 300))}`);
    this.key = key;
  }
}

/** An append did not begin where the staged object ends, or somebody else appended meanwhile. */
export class StagedOutOfOrder extends Error {
  readonly kind = "StagedOutOfOrder";
  readonly key: string;
  /** Bytes that the staged object really holds. */
  readonly sizeBytes: number;
  constructor(key: string, sizeBytes: number) {
    super(`staged object ${key} holds ${sizeBytes} bytes`);
    this.key = key;
    this.sizeBytes = sizeBytes;
  }
}

/** The store failed: disk full, input/output error, network, wrong credentials. Trying again may help. */
export class StorageUnavailable extends Error {
  readonly kind = "StorageUnavailable";
  /** What an operator should look at, without secrets: `ENOSPC`, `SlowDown`, `InvalidAccessKeyId`, ... */
  readonly reason: string;
  constructor(message: string, options: ErrorOptions & { readonly reason: string }) {
    super(message, options);
    this.reason = options.reason;
  }
}
